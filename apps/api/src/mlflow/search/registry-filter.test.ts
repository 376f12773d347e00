import { describe, expect, test } from 'vitest';
import { modelFilter, modelOrder, versionFilter, versionOrder } from './registry-filter.js';

const HEX = '0123456789abcdef0123456789abcdef';

describe('registered models', () => {
  test.each([
    ['', []],
    ["name = 'a b'", [{ kind: 'name', op: '=', value: 'a b' }]],
    ['attribute.name ILIKE "%x%"', [{ kind: 'name', op: 'ILIKE', value: '%x%' }]],
    ["name IN ('a', 'b')", [{ kind: 'name', op: 'IN', value: ['a', 'b'] }]],
    [
      "name LIKE 'a%' and tags.`my key` != 'x'",
      [
        { kind: 'name', op: 'LIKE', value: 'a%' },
        { kind: 'tag', key: 'my key', op: '!=', value: 'x' },
      ],
    ],
  ])('%s', (filter, where) => {
    expect(modelFilter(filter)).toEqual({ where, prompts: false });
  });

  test.each([
    ['tags.x IS NULL', /IS NULL \/ IS NOT NULL is not supported for registered model search/],
    ["creation_timestamp = '1'", /Invalid attribute key/],
    ["run_id = 'x'", /Invalid attribute key/],
    ["params.x = 'y'", /Invalid entity type/],
    ['name = 1', /Expected a quoted string value/],
    ["name > 'a'", /Invalid comparator for attribute/],
    ["tags.a IN ('x')", /Expected a quoted string value for tag/],
    ["tags.a > 'x'", /Invalid comparator for tag/],
    ["name = 'a' OR name = 'b'", /Invalid clause\(s\) in filter string/],
  ])('%s is refused', (filter, text) => {
    expect(() => modelFilter(filter)).toThrow(text);
  });

  const tag = 'tags.`mlflow.prompt.is_prompt`';
  test.each([
    [`${tag} = 'true'`, true, 1],
    [`${tag} != 'false'`, true, 1],
    [`${tag} = 'false'`, false, 0],
    [`${tag} != 'true'`, false, 0],
  ])('%s: prompts %s', (filter, prompts, conditions) => {
    const found = modelFilter(filter);
    expect([found.prompts, found.where.length]).toEqual([prompts, conditions]);
  });

  test.each([
    [['name'], [{ field: 'name', descending: false }]],
    [['last_updated_timestamp  DESC'], [{ field: 'updatedAt', descending: true }]],
    [
      ['timestamp asc', 'name DESC'],
      [
        { field: 'updatedAt', descending: false },
        { field: 'name', descending: true },
      ],
    ],
  ])('order %j', (orderBy, expected) => {
    expect(modelOrder(orderBy)).toEqual(expected);
  });

  test.each([
    [['creation_timestamp DESC'], /Invalid order by key/],
    [['name aCs'], /Invalid ordering key/],
    [['timestamp ACS'], /Invalid order_by clause/],
    [['last_updated_timestamp DESC blah'], /Invalid order_by clause/],
    [[''], /Invalid order_by clause/],
    [['timestamp', 'last_updated_timestamp'], /duplicate fields/],
  ])('order %j is refused', (orderBy, text) => {
    expect(() => modelOrder(orderBy)).toThrow(text);
  });
});

describe('model versions', () => {
  test.each([
    [`run_id = '${HEX}'`, [{ kind: 'runId', op: '=', value: `run_${HEX}` }]],
    [`run_id IN ('${HEX}','other')`, [{ kind: 'runId', op: 'IN', value: [`run_${HEX}`, 'other'] }]],
    ["run_id LIKE '01%'", [{ kind: 'runDigits', op: 'LIKE', value: '01%' }]],
    ["source_path LIKE 's3://%'", [{ kind: 'source', op: 'LIKE', value: 's3://%' }]],
    [
      "name='m' AND version_number>=2",
      [
        { kind: 'model', op: '=', value: 'm' },
        { kind: 'number', op: '>=', value: 2 },
      ],
    ],
  ])('%s', (filter, where) => {
    expect(versionFilter(filter)).toEqual({ where, prompts: false });
  });

  test.each([
    ["version_number = 'a'", /Expected numeric value type/],
    ["source_path IN ('a')", /Invalid comparator for attribute/],
    ['run_id IN (1,2)', /While parsing a list/],
    ['creation_timestamp > 1', /Invalid attribute key/],
    ['tags.a IS NOT NULL', /is not supported for model version search/],
  ])('%s is refused', (filter, text) => {
    expect(() => versionFilter(filter)).toThrow(text);
  });

  test('order', () => {
    expect(versionOrder(['version_number DESC', 'creation_timestamp'])).toEqual([
      { field: 'number', descending: true },
      { field: 'createdAt', descending: false },
    ]);
    expect(() => versionOrder(['source_path'])).toThrow(/Invalid attribute key/);
  });
});
