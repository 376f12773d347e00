import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { LineageWriter, stretchId, uuidOf } from '#contracts';
import { ExportView, LineageView, type GraphLine } from '#lineage';
import { until } from '#testing';
import { faultsOf } from '../openlineage/validator.js';
import { name } from './builders.js';
import { drawn } from './lineage-kit.js';
import { TellingRole, tellStory, type Told } from './openlineage-kit.js';
import { startStack, type Stack } from './stack.js';
import { webhooksKit } from './webhooks-kit.js';
import { startListener, type Listener } from './webhooks-listener.js';

const write = new LineageWriter({ publicUrl: 'https://tailrace.example', workspace: 'default' });

let stack: Stack;
let ada: Ctx;
let listener: Listener;
let story: Awaited<ReturnType<typeof tellStory>>;
let delivered: Told[];
let exported: Told[];
beforeAll(async () => {
  stack = await startStack([TellingRole], { TAILRACE_PUBLIC_URL: 'https://tailrace.example/' });
  ada = await stack.member('editor', 'ada');
  listener = await startListener();
  const kit = webhooksKit(stack, ada);
  const hook = { name: name('hook'), url: listener.url, form: 'openlineage', events: ['*'] } as const;
  const { id } = await kit.service.create(ada, hook, kit.rules);
  const heard = async () => {
    await kit.matched();
    await until('everything is delivered', async () => (await kit.rowsOf(id)).every(({ state }) => state === 'DELIVERED'));
  };
  story = await tellStory(stack, ada, await stack.member('approver', 'grace'), heard);
  await heard();
  await drawn(stack);
  delivered = listener.calls.map(({ body }) => JSON.parse(body) as Told);
  exported = await all(ada);
});
afterAll(async () => {
  listener.close();
  await stack.close();
});

const view = () => stack.app.get(ExportView);
async function collect<T>(pages: AsyncGenerator<T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}
const asTold = (events: unknown) => JSON.parse(JSON.stringify(events)) as Told[];
const all = async (ctx: Ctx) => asTold(await collect(view().events(ctx, write)));
const ends = ['COMPLETE', 'FAIL', 'ABORT'];
/** Runs by id, with what tells them from others: job, end, and the names and versions of both sides. */
const runsOf = (events: readonly Told[], wanted: ReadonlySet<string>) =>
  new Map(
    [
      ...Map.groupBy(
        events.filter(({ run }) => run && wanted.has(run.runId)),
        ({ run }) => run!.runId,
      ),
    ].map(([id, of]) => {
      const last = of.findLast(({ eventType }) => ends.includes(eventType!)) ?? of.at(-1)!;
      const side = (list: Told['inputs'] = []) =>
        list.map((end) => [end.namespace, end.name, end.facets['version']?.['datasetVersion']]);
      const end = ends.includes(last.eventType!) ? [last.eventType, last.eventTime] : [];
      const { namespace, name: job } = last.job!;
      return [
        id,
        {
          starts: of.filter(({ eventType }) => eventType === 'START').map(({ eventTime }) => eventTime),
          end,
          job: [namespace, job],
          inputs: side(last.inputs),
          parent: last.run!.facets['parent']?.['run'],
        },
      ];
    }),
  );

const memberOf = (project: string): Promise<Ctx> => stack.member('viewer', undefined, project);

describe('the whole graph as OpenLineage', () => {
  test('fits the released schemas', () => {
    expect(exported.length).toBeGreaterThan(20);
    expect(exported.flatMap((event) => faultsOf(event))).toEqual([]);
  });

  test('tells each run as its deliveries did: the same ids, jobs, times, data and parents', async () => {
    const rows = await stack.rows<{ id: string; resumes: number }>('select id, resumes from run');
    const ids = new Set(
      rows.flatMap(({ id, resumes }) => Array.from({ length: resumes + 1 }, (_, index) => stretchId(id, index))),
    );
    expect(ids.size).toBe(rows.length + 1);
    const [told, said] = [runsOf(exported, ids), runsOf(delivered, ids)];
    expect([...told.keys()].sort()).toEqual([...ids].sort());
    // An end that was put right is told as it was put right: to the backend that heard it when it happened it is an event beside.
    const corrected = stretchId(story.runId, 1);
    expect(told.get(corrected)!.end[0]).toBe('FAIL');
    for (const id of ids) if (id !== corrected) expect(told.get(id)).toEqual(said.get(id));
  });

  test('has the names of things as their deliveries had, data before the runs that read it', () => {
    const names = (events: readonly Told[]) =>
      new Set(events.flatMap(({ dataset }) => (dataset ? [`${dataset.namespace} ${dataset.name}`] : [])));
    const known = names(exported);
    for (const each of names(delivered)) if (!each.includes(story.other)) expect(known).toContain(each);
    const place = (find: (event: Told) => boolean) => exported.findIndex(find);
    const data = place(({ dataset }) => dataset?.name === `dataset/${story.dataset}`);
    expect(data).toBeGreaterThanOrEqual(0);
    expect(data).toBeLessThan(place(({ run }) => run?.runId === uuidOf(story.runId)));
    expect(exported.find(({ job }) => job?.name === `endpoint/${story.endpoint}`)!.inputs).toMatchObject([
      { name: `model/${story.model}`, facets: { version: { datasetVersion: '2' } } },
    ]);
  });

  test('has of other projects nothing, not even as an end', async () => {
    const birds = await all(await memberOf('/birds'));
    expect(birds.length).toBeGreaterThan(5);
    expect(JSON.stringify(birds)).not.toContain(`model/${story.model}`);
    expect(birds.filter(({ run }) => run?.runId === uuidOf(story.runId))).toHaveLength(2);
    expect(await all(await memberOf('/elsewhere'))).toEqual([]);
  });
});

describe('an answer as OpenLineage', () => {
  test('has the runs and data of the answer, in the order in which they happened', async () => {
    const graph = await stack.app.get(LineageView).walk(ada, story.runId, { direction: 'upstream', depth: 20 });
    const ids = graph.nodes.map(({ id }) => id);
    const events = asTold(await view().eventsOf(ada, ids, null, write));
    expect(events.flatMap((event) => faultsOf(event))).toEqual([]);
    expect(events.map(({ eventTime }) => eventTime)).toEqual(events.map(({ eventTime }) => eventTime).toSorted());
    expect(events.filter(({ run }) => run?.runId === uuidOf(story.runId)).map(({ eventType }) => eventType)).toEqual([
      'START',
      'COMPLETE',
    ]);
    expect(new Set(events.flatMap(({ dataset }) => dataset?.name ?? []))).toEqual(
      new Set([`dataset/${story.dataset}`, 'logged_dataset/extra']),
    );
    expect(events.some(({ job }) => job?.name.startsWith('endpoint/'))).toBe(false);
  });

  test('is as of then where it was asked as of then', async () => {
    const [{ at }] = (await stack.rows<{ at: Date }>(`select at from lineage_node where id = $1`, [story.runId])) as [
      { at: Date },
    ];
    const events = asTold(await view().eventsOf(ada, [story.runId], at, write));
    expect(events.map(({ eventType }) => eventType)).toEqual(['START']);
  });
});

describe('the whole graph as it is', () => {
  const lines = (ctx: Ctx) => collect<GraphLine>(view().lines(ctx));
  const nodesOf = (got: readonly GraphLine[]) => got.flatMap((line) => ('node' in line ? [line.node] : []));
  const edgesOf = (got: readonly GraphLine[]) => got.flatMap((line) => ('edge' in line ? [line.edge] : []));

  test('has every node and every edge once', async () => {
    const got = await lines(ada);
    const rows = await stack.rows<{ id: string }>('select id from lineage_node');
    expect(
      nodesOf(got)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(rows.map(({ id }) => id).sort());
    const [{ count }] = (await stack.rows<{ count: number }>('select count(*)::int as count from lineage_edge')) as [
      { count: number },
    ];
    expect(new Set(edgesOf(got).map(({ from, to, relation }) => `${from} ${relation} ${to}`)).size).toBe(count);
    expect(edgesOf(got)).toHaveLength(count);
  });

  test('has of other projects neither nodes nor the blobs and edges that lead there', async () => {
    const got = await lines(await memberOf('/birds'));
    const projects = new Set(nodesOf(got).map(({ project }) => project));
    expect(projects).toEqual(new Set(['/birds', null]));
    const known = new Set(nodesOf(got).map(({ id }) => id));
    expect(edgesOf(got).length).toBeGreaterThan(5);
    for (const { from, to } of edgesOf(got)) expect([known.has(from), known.has(to)]).toEqual([true, true]);
    const blobs = await stack.rows<{ id: string }>(
      `select n.id from lineage_node n where n.kind = 'blob' and exists (select 1 from lineage_edge e join lineage_node v on v.id = e.from_id and v.project = '/birds' where e.to_id = n.id)`,
    );
    expect(
      nodesOf(got)
        .filter(({ kind }) => kind === 'blob')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(blobs.map(({ id }) => id).sort());
    expect(await lines(await memberOf('/elsewhere'))).toEqual([]);
  });
});
