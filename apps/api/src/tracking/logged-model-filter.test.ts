import { describe, expect, test } from 'vitest';
import { LoggedModelOrderField, LoggedModelStatusEnum, modelConditions, modelOrder } from './logged-model-filter.js';
import { OrderDirection } from './run-filter.js';

describe('the filter of logged models', () => {
  test('holds what is given, and no test for what is null', () => {
    expect(modelConditions({})).toEqual([]);
    expect(modelConditions({ name: null, status: [], metrics: null, createdAt: {}, and: null, not: null })).toEqual([]);
    expect(
      modelConditions({
        name: { like: 'a%' },
        status: [LoggedModelStatusEnum.READY],
        sourceRunId: 'run_1',
        updatedAt: { from: new Date(5) },
        metrics: [{ key: 'f1', value: { gt: 0.1, lt: 0.9 }, dataset: { name: 'd', digest: null } }],
      }),
    ).toEqual([
      { kind: 'text', attribute: 'name', op: 'LIKE', value: 'a%' },
      { kind: 'text', attribute: 'status', op: 'IN', value: ['READY'] },
      { kind: 'text', attribute: 'sourceRunId', op: '=', value: 'run_1' },
      { kind: 'time', attribute: 'updatedAt', op: '>=', value: 5 },
      {
        kind: 'metric',
        key: 'f1',
        tests: [
          { op: '>', value: 0.1 },
          { op: '<', value: 0.9 },
        ],
        dataset: { name: 'd' },
      },
    ]);
  });

  test('a key without a test asks whether it is there; numbers are asked of params alone', () => {
    expect(modelConditions({ params: [{ key: 'a' }, { key: 'b', gte: 1 }], tags: [{ key: 'c' }] })).toEqual([
      { kind: 'param', key: 'a', op: 'EXISTS' },
      { kind: 'paramNumber', key: 'b', op: '>=', value: 1 },
      { kind: 'tag', key: 'c', op: 'EXISTS' },
    ]);
  });

  test('an empty or holds for nothing, an empty and for all', () => {
    expect(modelConditions({ or: [], and: [], not: { or: [{ tags: [{ key: 'a' }] }] } })).toEqual([
      { kind: 'and', of: [] },
      { kind: 'or', of: [] },
      {
        kind: 'not',
        of: { kind: 'and', of: [{ kind: 'or', of: [{ kind: 'and', of: [{ kind: 'tag', key: 'a', op: 'EXISTS' }] }] }] },
      },
    ]);
  });

  test('tests are counted over all levels', () => {
    const tags = (length: number) => Array.from({ length }, () => ({ key: 'a' }));
    expect(modelConditions({ tags: tags(100) })).toHaveLength(100);
    expect(() => modelConditions({ tags: tags(50), and: [{ tags: tags(50) }] })).toThrow('a filter may hold 100 tests');
  });
});

describe('the order of logged models', () => {
  test('is by a field, or by a metric on a data set', () => {
    const direction = OrderDirection.DESC;
    expect(
      modelOrder([
        { field: LoggedModelOrderField.NAME, direction: OrderDirection.ASC },
        { field: LoggedModelOrderField.CREATED_AT, direction },
        { metric: 'f1', dataset: { name: 'd', digest: 'x' }, direction },
      ]),
    ).toEqual([
      { kind: 'text', attribute: 'name', descending: false },
      { kind: 'time', attribute: 'createdAt', descending: true },
      { kind: 'metric', key: 'f1', dataset: { name: 'd', digest: 'x' }, descending: true },
    ]);
  });

  test.each([
    [{}],
    [{ field: LoggedModelOrderField.NAME, metric: 'f1' }],
    [{ field: LoggedModelOrderField.NAME, dataset: { name: 'd' } }],
  ])('%j is refused', (item) => {
    expect(() => modelOrder([{ ...item, direction: OrderDirection.ASC }])).toThrow('exactly one of field and metric');
  });
});
