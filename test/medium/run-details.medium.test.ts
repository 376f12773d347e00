import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { UnitOfWork } from '#database';
import {
  ExperimentsService,
  LoggedModelsService,
  LoggingService,
  pairsOf,
  RunDetailsView,
  RunSearch,
  RunsService,
  TrashService,
  type RunDetails,
} from '#tracking';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';

/** Details of runs that have ended are kept at hand: that must never show. */
let stack: Stack;
let ctx: Ctx;
let experimentId: string;
let logging: LoggingService;
let life: RunsService;
let runId: string;

beforeAll(async () => {
  stack = await startStack();
  ctx = await stack.member('editor');
  experimentId = (await stack.app.get(ExperimentsService).create(ctx, { name: name('details') })).id;
  logging = stack.app.get(LoggingService);
  life = stack.app.get(RunsService);
});
afterAll(() => stack.close());

async function details(id = runId, view = stack.app.get(RunDetailsView)): Promise<RunDetails> {
  const run = (await stack.app.get(RunSearch).byId(ctx, id))!;
  return (await view.byRuns([run])).get(run.num)!;
}
/** What a process that has nothing at hand says. */
const fresh = (id = runId) => details(id, new RunDetailsView(stack.app.get(DataSource)));

beforeEach(async () => {
  runId = (await life.create(ctx, { experimentId, name: name('run'), params: { p: '1' }, tags: { t: 'a' } })).id;
  await logging.log(ctx, runId, { points: [{ key: 'm', value: 1, step: 1, timestamp: 1 }] });
  await life.finish(ctx, runId, 'FINISHED');
  await details();
});

test('those of a run that has ended are read once', async () => {
  const before = await details();
  await stack.rows('update run_tag set value = $2 where run = (select num from run where id = $1)', [runId, 'behind its back']);
  expect(await details()).toEqual(before);
  expect((await fresh()).tags).toContain('behind its back');
});

describe('what is written after the end is seen at once', () => {
  const model = async () => (await stack.app.get(LoggedModelsService).create(ctx, { experimentId, name: name('model') })).id;

  test.each<[string, () => Promise<unknown>]>([
    ['a point', () => logging.log(ctx, runId, { points: [{ key: 'm', value: 2, step: 2, timestamp: 2 }] })],
    ['a param', () => logging.log(ctx, runId, { params: { q: '2' } })],
    ['a tag', () => logging.log(ctx, runId, { tags: { t: 'b' } })],
    ['a changed tag', () => logging.changeTag(ctx, runId, 't', (value) => `${value}+`)],
    ['a tag that goes', () => logging.deleteTag(ctx, runId, 't')],
    [
      'a data set',
      () => logging.logInputs(ctx, runId, { datasets: [{ name: 'd', digest: '1', sourceType: 'local', source: 'x' }] }),
    ],
    ['a model that it used', async () => logging.logInputs(ctx, runId, { modelIds: [await model()] })],
    ['a model that it made', async () => logging.logOutputs(ctx, runId, [{ modelId: await model(), step: 1 }])],
    [
      'a point of the platform',
      () => stack.app.get(UnitOfWork).run({}, (tx) => logging.logIn(tx, ctx, runId, [POINT], 'platform', 0)),
    ],
    ['a rewind', () => life.rewind(ctx, runId, 0)],
    ['a rewind and another end', () => life.rewind(ctx, runId, 0).then(() => life.finish(ctx, runId, 'FAILED'))],
    ['a point and the end again', () => logging.log(ctx, runId, { points: [POINT], patch: { status: 'FAILED' } })],
  ])('%s', async (_, write) => {
    const before = await details();
    await write();
    const after = await details();
    expect(after).not.toEqual(before);
    expect(after).toEqual(await fresh());
  });

  test('a logged model that is purged', async () => {
    const modelId = await model();
    await logging.logOutputs(ctx, runId, [{ modelId, step: 1 }]);
    expect((await details()).modelOutputs).toHaveLength(1);
    await stack.app.get(LoggedModelsService).delete(ctx, modelId);
    await stack.rows("update logged_model set deleted_at = now() - interval '40 days' where id = $1", [modelId]);
    await stack.app.get(TrashService).purgeOverdue(ctx, 30);
    expect(await details()).toEqual(await fresh());
    expect((await details()).modelOutputs).toEqual([]);
  });
});

const POINT = { key: 'late', value: 7, step: 3, timestamp: 3 };

test('writers, readers and ends at once leave nothing old at hand', async () => {
  const runs = await Promise.all(
    Array.from({ length: 6 }, async () => (await life.create(ctx, { experimentId, name: name('race') })).id),
  );
  const rounds = 15;
  const writer = async (id: string, who: string) => {
    for (let n = 0; n < rounds; n++) {
      await logging.log(ctx, id, { tags: { [who]: String(n) }, points: [{ key: who, value: n, step: n, timestamp: n }] });
      await details(id);
    }
  };
  const ender = async (id: string) => {
    for (let n = 0; n < rounds; n++) {
      await life.update(ctx, id, { status: n % 2 ? 'RUNNING' : 'FINISHED' });
      await details(id);
    }
  };
  await Promise.all(runs.flatMap((id) => [writer(id, 'a'), writer(id, 'b'), ender(id)]));
  for (const id of runs) {
    const seen = await details(id);
    expect(seen).toEqual(await fresh(id));
    expect(Object.fromEntries(pairsOf(seen.tags))).toEqual({ a: String(rounds - 1), b: String(rounds - 1) });
  }
});
