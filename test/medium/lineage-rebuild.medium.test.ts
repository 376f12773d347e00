import { afterAll, beforeAll, expect, test } from 'vitest';
import { RebuildService } from '#lineage';
import { until } from '#testing';
import { DrawingRole, drawn, graphRows, say, sayLoop, type Drawn } from './lineage-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let loop: Drawn;

beforeAll(async () => {
  stack = await startStack([DrawingRole]);
  loop = await sayLoop(stack, '/vision');
  await drawn(stack);
});
afterAll(() => stack.close());

const rebuild = async (check = false) => stack.app.get(RebuildService).rebuild(await stack.member('admin'), { check });

test('the graph that was kept is the one that the log gives', async () => {
  const before = await graphRows(stack);
  const found = await rebuild();
  expect(found).toMatchObject({ differing: 0, differences: [], changed: false });
  expect(found.nodes).toBeGreaterThan(10);
  expect(await graphRows(stack)).toEqual(before);
});

test('what was damaged is named by a check, and put right by the command', async () => {
  const before = await graphRows(stack);
  await stack.rows(`delete from lineage_edge where from_id = $1`, [loop.run]);
  await stack.rows(`update lineage_node set state = 'nonsense', phases = '[]' where id = $1`, [loop.version]);
  await stack.rows(
    `insert into lineage_node (workspace_id, id, kind, label, at, sequence) select workspace_id, 'code:x', 'code', 'x', now(), max(sequence) from lineage_node group by 1`,
  );
  const checked = await rebuild(true);
  expect(checked.changed).toBe(false);
  expect(checked.differences).toContainEqual({ what: loop.version, how: 'changed' });
  expect(checked.differences).toContainEqual({ what: 'code:x', how: 'surplus' });
  expect(checked.differences.some(({ how }) => how === 'missing')).toBe(true);
  expect(await rebuild()).toMatchObject({ changed: true, differing: checked.differing });
  expect(await graphRows(stack)).toEqual(before);
  const audit = await stack.rows(`select 1 from audit_log where action = 'lineage.rebuilt' and outcome = 'done'`);
  expect(audit.length).toBeGreaterThan(0);
});

test('events that come while it is built anew are drawn once, after it', async () => {
  const going = rebuild();
  const more = await sayLoop(stack, '/vision');
  expect((await going).differing).toBe(0);
  await drawn(stack);
  expect(await stack.rows('select 1 from lineage_node where id = $1', [more.revision])).toHaveLength(1);
  expect(await rebuild(true)).toMatchObject({ differing: 0 });
});

test('what the log does not hold any more stays as it was', async () => {
  await say(stack, 'dataset_version.validated', {
    datasetId: loop.dataset,
    versionId: loop.versions[0]!,
    number: 1,
    parentId: null,
    rows: 1,
    warnings: 0,
  });
  await drawn(stack);
  const before = await graphRows(stack);
  const bound = `(select sequence from event_log where type = 'io.tailrace.model_version.stage_changed.v1' order by sequence limit 1)`;
  await stack.rows(`update relay_state set pruned_through = ${bound}`);
  await stack.rows(`delete from event_log where sequence <= ${bound}`);
  const found = await rebuild();
  expect(found).toMatchObject({ differing: 0, changed: false });
  expect(BigInt(found.prunedThrough)).toBeGreaterThan(0n);
  expect(await graphRows(stack)).toEqual(before);
});

test('one that is cut off in the middle leaves the graph as it was', async () => {
  await stack.rows(`delete from lineage_edge where from_id = $1`, [loop.revision]);
  const before = await graphRows(stack);
  // Rows that the writing at the end would wait for hold it where its work is done and not yet committed.
  await stack.rows('begin');
  await stack.rows('lock table lineage_edge in share mode');
  const cut = rebuild().then(
    () => 'done',
    (error: Error) => error.message,
  );
  const waiting = () =>
    stack.rows<{ pid: number }>(`select pid from pg_locks where relation = 'lineage_edge'::regclass and not granted`);
  await until('the swap waits', async () => (await waiting()).length > 0);
  const [swap] = await waiting();
  await stack.rows('select pg_terminate_backend($1)', [swap!.pid]);
  await stack.rows('commit');
  expect(await cut).not.toBe('done');
  expect(await graphRows(stack)).toEqual(before);
  expect(await rebuild()).toMatchObject({ changed: true });
  expect(await rebuild(true)).toMatchObject({ differing: 0 });
});

test('needs the right to operate', async () => {
  const service = stack.app.get(RebuildService);
  await expect(service.rebuild(await stack.member('approver'), { check: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });
});
