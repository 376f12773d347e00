import { describe, expect, test } from 'vitest';
import { experimentConditions, experimentOrder } from './experiment-filter.js';
import { runCondition, runOrder } from './run-filter.js';

const one = (filter: string) => {
  const condition = runCondition(filter);
  return condition?.kind === 'and' ? condition.of[0] : condition;
};

describe('what runs/search understands', () => {
  test.each([
    ['metric.acc >= 0.94', { kind: 'metric', key: 'acc', op: '>=', value: 0.94 }],
    ['metrics.acc>=100', { kind: 'metric', key: 'acc', op: '>=', value: 100 }],
    ['metrics.loss < -1.5e-3', { kind: 'metric', key: 'loss', op: '<', value: -0.0015 }],
    ['params."m!x" = \'y\'', { kind: 'param', key: 'm!x', op: '=', value: 'y' }],
    ['`params`.`//Y#$$@&Z`="L\'Hosp"', { kind: 'param', key: '//Y#$$@&Z', op: '=', value: "L'Hosp" }],
    ["tags.version ilike '%C+W%'", { kind: 'tag', key: 'version', op: 'ILIKE', value: '%C+W%' }],
    ['tag.a IS NULL', { kind: 'not', of: { kind: 'tag', key: 'a', op: 'EXISTS' } }],
    ['params.a is not null', { kind: 'param', key: 'a', op: 'EXISTS' }],
    ["attribute.status = 'RUNNING'", { kind: 'text', attribute: 'status', op: '=', value: 'RUNNING' }],
    ['run_id IN (\'AB1\', "123")', { kind: 'text', attribute: 'hex', op: 'IN', value: ['AB1', '123'] }],
    ["run.run_name LIKE 'a%'", { kind: 'text', attribute: 'name', op: 'LIKE', value: 'a%' }],
    ["`Run Name` = 'x'", { kind: 'text', attribute: 'name', op: '=', value: 'x' }],
    ['attributes.start_time > 1664067852747', { kind: 'time', attribute: 'startedAt', op: '>', value: 1664067852747 }],
    ["tags.mlflow.runName = 'x'", { kind: 'text', attribute: 'name', op: '=', value: 'x' }],
    [
      `tags.mlflow.parentRunId = '${'a'.repeat(32)}'`,
      { kind: 'text', attribute: 'parentId', op: '=', value: `run_${'a'.repeat(32)}` },
    ],
  ])('%s', (filter, condition) => expect(one(filter)).toEqual(condition));

  test.each([
    ['', undefined],
    ['   ', undefined],
  ])('an empty filter %j means all', (filter, meaning) => expect(runCondition(filter)).toBe(meaning));

  test('clauses joined by AND, in any case, a stray one tolerated', () => {
    expect(runCondition("metrics.a > 1 and tags.b = 'c' AND")).toMatchObject({
      kind: 'and',
      of: [{ kind: 'metric' }, { kind: 'tag' }],
    });
  });

  test('what is said of data sets is said of one and the same', () => {
    expect(runCondition("dataset.name = 'a' AND metrics.x > 1 AND datasets.digest IN ('123', 'AbC')")).toEqual({
      kind: 'and',
      of: [
        { kind: 'metric', key: 'x', op: '>', value: 1 },
        {
          kind: 'dataset',
          of: [
            { part: 'name', op: '=', value: 'a' },
            { part: 'digest', op: 'IN', value: ['123', 'AbC'] },
          ],
        },
      ],
    });
  });
});

describe("what it refuses, in MLflow's words", () => {
  test.each([
    ['metric.acc > 1; metric.b > 1', 'Search filter contained multiple expression'],
    ['m.acc >= 0.94', 'Invalid entity type'],
    ['a.x != 1', 'Invalid entity type'],
    ['attri.x != 1', 'Invalid entity type'],
    ['acc >= 0.94', 'Invalid attribute key'],
    ['attribute.name != 1', 'Invalid attribute key'],
    ["attribute.experiment_id = '1'", 'Invalid attribute key'],
    ["attribute.lifecycle_stage = 'active'", 'Invalid attribute key'],
    ['attribute.start > 1', 'Invalid attribute key'],
    ["params.a = 'b' OR params.c = 'd'", 'Invalid clause(s) in filter string'],
    ["params.a = 'b' NAND params.c = 'd'", 'Invalid clause(s) in filter string'],
    ["params.a = 'b' AND (params.c = 'd')", 'Invalid clause(s) in filter string'],
    ["params.a = 'b", 'Invalid clause(s) in filter string'],
    ["tags.acc = = 'LR'", 'Invalid clause(s) in filter string'],
    ['attribute.status = true', 'Invalid clause(s) in filter string'],
    ["attribute.status IS 'RUNNING'", 'Invalid clause(s) in filter string'],
    ['params.acc LR !=', 'Invalid clause(s) in filter string'],
    ["metric.model = '5'", 'Expected numeric value type for metric'],
    ['metrics.acc != metrics.acc', 'Expected numeric value type for metric'],
    ['params.acc = 5', 'Expected a quoted string value for param'],
    ['tags.acc = 5', 'Expected a quoted string value for tag'],
    ['attribute.status = 1', 'Expected a quoted string value for attributes'],
    ['params.acc = LR', 'value is either not quoted or unidentified quote types'],
    ['params.acc = `LR`', 'value is either not quoted or unidentified quote types'],
    ['1=1', "Expected 'Identifier' found"],
    ['1.0 > metrics.acc', "Expected 'Identifier' found"],
    ["dataset.status = 'true'", 'Invalid dataset key'],
    ['metrics.acc IS NULL', 'IS NULL / IS NOT NULL is only supported for tags and params'],
    ['attribute.status IS NULL', 'IS NULL / IS NOT NULL is only supported for tags and params'],
    ["params.x > 'a'", 'Invalid comparator'],
    ["tags.x ~ 'a'", 'Invalid comparator'],
    ['attributes.start_time LIKE 1', 'Invalid comparator'],
    ["status IN ('RUNNING')", "Only the 'run_id' attribute supports comparison with a list"],
  ])('%s', (filter, text) => expect(() => runCondition(filter)).toThrow(text));
});

describe('order', () => {
  test('directions in any case, keys quoted or not', () => {
    expect(
      runOrder(['metrics.acc   aSc', 'params.`my key` desc', 'tag."a b"', 'start_time DESC', 'attribute.Created'].slice(0, 4)),
    ).toEqual([
      { kind: 'metric', key: 'acc', descending: false },
      { kind: 'param', key: 'my key', descending: true },
      { kind: 'tag', key: 'a b', descending: false },
      { kind: 'time', attribute: 'startedAt', descending: true },
    ]);
  });

  test.each([
    [['params.my_param '], 'Invalid order_by clause'],
    [['metrics.A != 1'], 'Invalid order_by clause'],
    [['metrics.A ACS'], 'Invalid ordering key'],
    [['metrics.a', 'metric.a DESC'], 'duplicate'],
    [['x.y'], 'Invalid entity type'],
  ])('%j is refused', (order, text) => expect(() => runOrder(order)).toThrow(text));
});

describe('experiments', () => {
  test('name, times and tags', () => {
    expect(experimentConditions("name LIKE 'a%' AND creation_time > 5 AND tags.k != 'v' AND tag.x IS NULL")).toEqual([
      { kind: 'name', op: 'LIKE', value: 'a%' },
      { kind: 'createdAt', op: '>', value: 5 },
      { kind: 'tag', key: 'k', op: '!=', value: 'v' },
      { kind: 'hasTag', key: 'x', has: false },
    ]);
    expect(experimentOrder(['name DESC', 'experiment_id'])).toEqual([
      { field: 'name', descending: true },
      { field: 'number', descending: false },
    ]);
  });

  test.each([
    ["params.x = 'y'", 'Invalid entity type'],
    ["id = 'x'", 'Invalid attribute key'],
    ['name = 5', 'Expected a quoted string value'],
  ])('%s is refused', (filter, text) => expect(() => experimentConditions(filter)).toThrow(text));
});
