import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import {
  ExperimentsService,
  LoggingService,
  MetricHistory,
  MetricKeys,
  MetricSeries,
  RunSearch,
  RunsService,
  type Axis,
} from '#tracking';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let ctx: Ctx;
const runs: { id: string; num: number }[] = [];
const N = 3000;

/** Run 0: 3,000 points of `wave` with a spike at step 1234, `epoch` every 100 steps, one NaN; run 1: five points of `wave`. */
beforeAll(async () => {
  stack = await startStack();
  ctx = await stack.member('editor');
  const { id: experimentId } = await stack.app.get(ExperimentsService).create(ctx, { name: name('series') });
  for (let i = 0; i < 2; i++) {
    const { id } = await stack.app.get(RunsService).create(ctx, { experimentId, name: `run-${i}` });
    runs.push({ id, num: (await stack.app.get(RunSearch).byId(ctx, id))!.num });
  }
  const log = (run: number, points: { key: string; value: number; step: number; timestamp: number }[]) =>
    stack.app.get(LoggingService).log(ctx, runs[run]!.id, { points });
  const wave = Array.from({ length: N }, (_, step) => ({
    key: 'wave',
    value: step === 1234 ? 100 : step === 2000 ? Number.NaN : Math.sin(step / 50),
    step,
    timestamp: 1_700_000_000_000 + step * 10,
  }));
  await log(0, wave);
  await log(
    0,
    Array.from({ length: N / 100 }, (_, i) => ({ key: 'epoch', value: i, step: i * 100, timestamp: i })),
  );
  await log(
    1,
    [3, 1, 2, 0, 4].map((step) => ({ key: 'wave', value: step, step, timestamp: step })),
  );
});
afterAll(() => stack.close());

const read = (more: Partial<Parameters<MetricSeries['read']>[1]>) =>
  stack.app.get(MetricSeries).read(ctx.workspaceId, {
    runs: runs.map(({ num }) => num),
    keys: ['wave'],
    axis: 'STEP',
    sampling: 'MIN_MAX',
    maxPoints: 100,
    ...more,
  });

describe('sampled histories', () => {
  test.each(['MIN_MAX', 'LTTB'] as const)('%s keeps ends, spikes and order, and short series whole', async (sampling) => {
    const [long, short] = await read({ sampling });
    expect(long).toMatchObject({ run: runs[0]!.num, key: 'wave', count: N - 1 });
    expect(long!.points.length).toBeLessThanOrEqual(100);
    expect(long!.points.length).toBeGreaterThan(60);
    expect(long!.points.find(({ step }) => step === 1234)?.value).toBe(100);
    const xs = long!.points.map(({ x }) => x);
    expect(xs).toEqual(xs.toSorted((a, b) => a - b));
    expect(long!.points.every(({ x, step, timestamp }) => x === step && timestamp === 1_700_000_000_000 + step * 10)).toBe(true);
    expect(short!.points.map(({ x, value }) => [x, value])).toEqual([0, 1, 2, 3, 4].map((i) => [i, i]));
  });

  test('a range of the axis', async () => {
    const [line] = await read({ from: 1230, to: 1239 });
    expect(line).toMatchObject({ count: 10 });
    expect(line!.points.map(({ step }) => step)).toEqual([1230, 1231, 1232, 1233, 1234, 1235, 1236, 1237, 1238, 1239]);
  });

  test.each<[Axis, number, number]>([
    ['TIME', 1_700_000_000_000, 1_700_000_000_000 + (N - 1) * 10],
    ['STEP', 0, N - 1],
  ])('over %s', async (axis, first, last) => {
    const [line] = await read({ axis, sampling: 'LTTB' });
    expect(line!.points[0]!.x).toBeCloseTo(first, -3);
    expect(line!.points.at(-1)!.x).toBeCloseTo(last, -3);
  });

  test('over epochs: the metric epoch at the same step', async () => {
    const [line] = await read({ axis: 'EPOCH', keys: ['epoch'] });
    expect(line!.points.map(({ x, value }) => x === value)).not.toContain(false);
  });

  test('names that nobody logged, and no runs, are no lines', async () => {
    expect(await read({ keys: ['nothing'] })).toEqual([]);
    expect(await read({ runs: [] })).toEqual([]);
  });
});

describe('whole histories', () => {
  const history = () => stack.app.get(MetricHistory);
  const key = async () => (await stack.app.get(MetricKeys).ids(ctx.workspaceId, ['wave'])).get('wave')!;

  test('pages meet, in order of time, step and value; a foreign token is refused', async () => {
    const run = runs[0]!.num;
    const steps: number[] = [];
    let after: string | undefined;
    do {
      const { points, next } = await history().page(run, await key(), 700, after);
      steps.push(...points.map(([, , step]) => Number(step)));
      after = next;
    } while (after);
    expect(steps).toEqual(Array.from({ length: N }, (_, i) => i));
    await expect(history().page(run, await key(), 10, 'bm9uc2Vuc2U')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  test('for an interval: in the order of steps, with the first and the last, whenever they were logged', async () => {
    const points = Array.from({ length: 500 }, (_, i) => ({ key: 'back', value: i, step: i, timestamp: 1000 - ((i * 7) % 500) }));
    await stack.app.get(LoggingService).log(ctx, runs[0]!.id, { points });
    const key = (await stack.app.get(MetricKeys).ids(ctx.workspaceId, ['back'])).get('back')!;
    const steps = (await history().sampled([runs[0]!.num], key, 50, undefined)).map(([, , step]) => Number(step));
    expect(steps).toHaveLength(50);
    expect([steps[0], steps.at(-1)]).toEqual([0, 499]);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });

  test('for an interval: as many points of each run as asked for, with the first and the last', async () => {
    const points = await history().sampled(
      runs.map(({ num }) => num),
      await key(),
      50,
      undefined,
    );
    const [long, short] = runs.map(({ num }) =>
      points.filter(([, , , run]) => run === String(num)).map(([, , step]) => Number(step)),
    );
    expect(long).toHaveLength(50);
    expect([long![0], long!.at(-1)]).toEqual([0, N - 1]);
    expect(long).toEqual(long!.toSorted((a, b) => a - b));
    expect(short).toEqual([0, 1, 2, 3, 4]);
    const narrow = await history().sampled([runs[0]!.num], await key(), 50, { from: 10, to: 12 });
    expect(narrow.map(([, , step]) => Number(step))).toEqual([10, 11, 12]);
  });
});

test('replays and reordering leave the same state; a rewound run goes on from the step', async () => {
  const { id: experimentId } = await stack.app.get(ExperimentsService).create(ctx, { name: name('rewind') });
  const { id } = await stack.app.get(RunsService).create(ctx, { experimentId, name: 'r' });
  const points = Array.from({ length: 20 }, (_, step) => ({ key: 'a', value: step, step, timestamp: step }));
  const logging = stack.app.get(LoggingService);
  await Promise.all(
    [points.slice(10), points.slice(0, 12), points.slice(5), points.toReversed()].map((part) =>
      logging.log(ctx, id, { points: part }),
    ),
  );
  const state = () =>
    stack.rows(
      `select count(*)::int as n, (select l.step::int from metric_latest l where l.run = r.num) as last, r.status
    from metric_point p join run r on r.num = p.run where r.id = $1 group by r.num, r.status`,
      [id],
    );
  expect(await state()).toEqual([{ n: 20, last: 19, status: 'RUNNING' }]);
  await stack.app.get(RunsService).finish(ctx, id, 'FAILED');
  await stack.app.get(RunsService).rewind(ctx, id, 7);
  expect(await state()).toEqual([{ n: 8, last: 7, status: 'RUNNING' }]);
});

test('metrics are said at most once a second, and the last values always', async () => {
  const { id: experimentId } = await stack.app.get(ExperimentsService).create(ctx, { name: name('said') });
  const { id } = await stack.app.get(RunsService).create(ctx, { experimentId, name: 'r' });
  for (let step = 0; step < 30; step++)
    await stack.app.get(LoggingService).log(ctx, id, { points: [{ key: 'a', value: step, step, timestamp: step }] });
  const said = async () =>
    (
      await stack.rows<{ data: { metrics: { a: number } } }>(
        "select data from event_log where type like '%metrics_logged%' and subject = $1 order by pos",
        [`run/${id}`],
      )
    ).map(({ data }) => data.metrics.a);
  while ((await said()).at(-1) !== 29) await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await said())[0]).toBe(0);
  expect((await said()).length).toBeLessThan(10);
});
