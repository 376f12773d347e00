import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { ExperimentsService, LoggingService, RunSearch, RunsService, type Condition, type Order, type RunQuery } from '#tracking';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let ctx: Ctx;
let experimentId: string;
const ids: string[] = [];

/** Runs 0 to 11: `score` is i % 5, NaN for 9, infinite for 10, absent for 11; param lr is i / 10; tag odd only on odd ones. */
beforeAll(async () => {
  stack = await startStack();
  ctx = await stack.member('editor');
  experimentId = (await stack.app.get(ExperimentsService).create(ctx, { name: name('search') })).id;
  for (let i = 0; i < 12; i++) {
    const { id } = await stack.app.get(RunsService).create(ctx, {
      experimentId,
      name: `run-${i}`,
      startedAt: new Date(1_700_000_000_000 + Math.floor(i / 2)),
      params: { lr: String(i / 10), note: i === 3 ? 'word' : String(i) },
      tags: i % 2 ? { odd: 'Yes' } : {},
    });
    const value = i === 9 ? Number.NaN : i === 10 ? Infinity : i % 5;
    if (i < 11) await stack.app.get(LoggingService).log(ctx, id, { points: [{ key: 'score', value, step: 0, timestamp: i }] });
    ids.push(id);
  }
});
afterAll(() => stack.close());

const search = (query: Partial<RunQuery>, who = ctx) =>
  stack.app.get(RunSearch).search(who, { experimentIds: [experimentId], limit: 100, ...query });
const names = async (query: Partial<RunQuery>) => (await search(query)).runs.map((run) => Number(run.name.slice(4)));
const where = async (condition: Condition) => (await names({ where: condition })).sort((a, b) => a - b);
const score = (descending: boolean): Order => ({ kind: 'metric', key: 'score', descending });

describe('order', () => {
  test('newest first, ids break ties', async () => {
    const expected = [...ids.keys()].sort((a, b) => Math.floor(b / 2) - Math.floor(a / 2) || a - b);
    expect(await names({})).toEqual(expected);
  });

  test.each([
    [false, [5, 0, 6, 1, 7, 2, 8, 3, 4, 10, 9, 11]],
    [true, [10, 4, 8, 3, 7, 2, 6, 1, 5, 0, 9, 11]],
  ])('by a metric, descending %s: NaN after all numbers, missing last', async (descending, expected) => {
    expect(await names({ orderBy: [score(descending)] })).toEqual(expected);
    // Over several experiments the order is found in another way; it is the same.
    const other = (await stack.app.get(ExperimentsService).create(ctx, { name: name('empty') })).id;
    expect(await names({ orderBy: [score(descending)], experimentIds: [experimentId, other] })).toEqual(expected);
  });

  test('a test on the metric that the order walks', async () => {
    const above: Condition = { kind: 'metric', key: 'score', op: '>', value: 2 };
    expect(await names({ orderBy: [score(true)], where: above })).toEqual([10, 4, 8, 3]);
    // NaN and what is missing are not above 2; that they are not, is true of them.
    expect(await names({ orderBy: [score(false)], where: { kind: 'not', of: above } })).toEqual([5, 0, 6, 1, 7, 2, 9, 11]);
  });

  test.each([1, 2, 5, 10, 11])('pages of %i meet without a gap or a repeat, in every order', async (limit) => {
    const orders: Order[][] = [
      [],
      [score(true)],
      [score(false), { kind: 'param', key: 'lr', descending: true }],
      [{ kind: 'tag', key: 'odd', descending: false }],
      [{ kind: 'text', attribute: 'name', descending: true }],
      [{ kind: 'time', attribute: 'endedAt', descending: true }, score(true)],
    ];
    for (const orderBy of orders) {
      const whole = await names({ orderBy });
      const paged: number[] = [];
      let after: string | undefined;
      do {
        const page = await search({ orderBy, limit, after });
        paged.push(...page.runs.map((run) => Number(run.name.slice(4))));
        after = page.next;
      } while (after !== undefined);
      expect(paged).toEqual(whole);
    }
  });

  test('a page goes on where the last one ended while runs are added', async () => {
    const first = await search({ limit: 5 });
    const { id } = await stack.app.get(RunsService).create(ctx, { experimentId, name: 'run-99' });
    const second = await search({ limit: 100, after: first.next });
    expect([...first.runs, ...second.runs].map((run) => run.id).sort()).toEqual([...ids].sort());
    await stack.app.get(RunsService).setDeleted(ctx, id, true);
    expect((await search({ view: 'deleted' })).runs.map((run) => run.id)).toEqual([id]);
    expect((await search({ view: 'all' })).runs).toHaveLength(13);
  });

  test('a cursor of another order, or none at all, is refused', async () => {
    const { next } = await search({ limit: 3, orderBy: [score(true)] });
    for (const after of [next!, 'x', Buffer.from('["a",[]]').toString('base64url')])
      await expect(search({ limit: 3, after })).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'after' });
  });
});

describe('conditions', () => {
  test.each<[string, Condition, number[]]>([
    ['a metric above', { kind: 'metric', key: 'score', op: '>', value: 3 }, [4, 10]],
    [
      'a metric unlike: only runs that have it',
      { kind: 'metric', key: 'score', op: '!=', value: 0 },
      [1, 2, 3, 4, 6, 7, 8, 9, 10],
    ],
    ['a metric that nobody logged', { kind: 'metric', key: 'nothing', op: '>', value: 0 }, []],
    ['a param as a number', { kind: 'paramNumber', key: 'lr', op: '>=', value: 0.9 }, [9, 10, 11]],
    ['a param that is no number there', { kind: 'paramNumber', key: 'note', op: '<', value: 5 }, [0, 1, 2, 4]],
    ['a tag by pattern, in any case', { kind: 'tag', key: 'odd', op: 'ILIKE', value: 'y%' }, [1, 3, 5, 7, 9, 11]],
    ['a tag by pattern, in its case', { kind: 'tag', key: 'odd', op: 'LIKE', value: 'y%' }, []],
    ['no such tag', { kind: 'not', of: { kind: 'tag', key: 'odd', op: 'EXISTS' } }, [0, 2, 4, 6, 8, 10]],
    ['names of a list', { kind: 'text', attribute: 'name', op: 'IN', value: ['run-1', 'RUN-2', 'run-3'] }, [1, 3]],
    ['a time', { kind: 'time', attribute: 'startedAt', op: '<=', value: 1_700_000_000_001 }, [0, 1, 2, 3]],
    [
      'or, and, not together',
      {
        kind: 'or',
        of: [
          { kind: 'metric', key: 'score', op: '=', value: 4 },
          {
            kind: 'and',
            of: [
              { kind: 'tag', key: 'odd', op: '=', value: 'Yes' },
              { kind: 'not', of: { kind: 'metric', key: 'score', op: '<', value: 3 } },
            ],
          },
        ],
      },
      [3, 4, 9, 11],
    ],
  ])('%s', async (_, condition, expected) => expect(await where(condition)).toEqual(expected));

  test('values are values, not SQL', async () => {
    expect(await where({ kind: 'param', key: "x' or '1'='1", op: '=', value: "'; drop table run; --" })).toEqual([]);
    expect(await names({ orderBy: [{ kind: 'param', key: "lr'; --", descending: false }] })).toHaveLength(12);
  });
});

test('nobody finds runs of a project that they may not read, nor those of another workspace', async () => {
  const outsider = { ...ctx, principal: { ...ctx.principal, grants: [{ path: '/elsewhere', role: 'editor' }] } } as Ctx;
  expect((await search({}, outsider)).runs).toEqual([]);
  expect((await search({}, { ...ctx, workspaceId: 'wsp_other' })).runs).toEqual([]);
  expect(await stack.app.get(RunSearch).byId(outsider, ids[0]!)).toBeUndefined();
});
