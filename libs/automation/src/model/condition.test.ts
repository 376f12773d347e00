import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIELD_OPS, parseCondition, type Condition } from './condition.js';
import { holds, lookUp, type ConditionView } from './evaluate-condition.js';

const view = (data: Record<string, unknown>, facts = {}): ConditionView => ({ data, facts });
const field = (name: string, op: string, value?: unknown) =>
  ({ field: name, op, ...(value === undefined ? {} : { value }) }) as unknown as Condition;

describe('comparisons', () => {
  test.each([
    ['eq', 'a', 'a', true],
    ['eq', 1, '1', false],
    ['eq', null, null, true],
    ['ne', 'a', 'b', true],
    ['gt', 2, 1, true],
    ['gt', 1, 1, false],
    ['gte', 1, 1, true],
    ['lt', 1, 2, true],
    ['lte', 2, 2, true],
    ['gt', '2', 1, false],
    ['in', 'b', ['a', 'b'], true],
    ['in', 'c', ['a', 'b'], false],
    ['contains', 'abc', 'b', true],
    ['contains', ['x', 'y'], 'y', true],
    ['contains', 5, 5, false],
    ['starts_with', 'abc', 'ab', true],
    ['starts_with', 5, 'ab', false],
    ['exists', 0, undefined, true],
    ['exists', null, undefined, false],
    ['exists', 0, false, false],
  ])('%s of %j and %j is %s', (op, found, value, expected) => {
    expect(holds(field('data.x', op, value), view({ x: found }))).toBe(expected);
    expect(holds(field('subject.x', op, value), view({}, { x: found }))).toBe(expected);
  });

  test('what is not there equals nothing', () => {
    for (const op of FIELD_OPS) {
      const value = op === 'in' ? ['a'] : op === 'exists' ? false : ['gt', 'gte', 'lt', 'lte'].includes(op) ? 0 : 'a';
      expect(holds(field('data.none', op, value), view({})), op).toBe(op === 'ne' || op === 'exists');
    }
  });

  test('only own properties are seen, and the longest key that is there', () => {
    expect(lookUp({}, ['constructor'])).toBeUndefined();
    expect(lookUp({}, ['__proto__', 'toString'])).toBeUndefined();
    expect(lookUp({ metrics: { 'val.loss': 1, val: { loss: 2 } } }, ['metrics', 'val', 'loss'])).toBe(1);
    expect(lookUp({ metrics: { val: { loss: 2 } } }, ['metrics', 'val', 'loss'])).toBe(2);
    expect(lookUp(['a'], ['0'])).toBeUndefined();
  });
});

describe('what a condition may look like', () => {
  test.each([
    [{}, /filter\.where/],
    [{ and: [] }, /filter\.where\.and: and takes a list/],
    [{ and: [{ field: 'data.x', op: 'eq', value: 1 }], or: [] }, /filter\.where\.or: or does not stand beside and/],
    [{ field: 'env.x', op: 'eq', value: 1 }, /must be data\.<field> or subject\.<fact>/],
    [{ field: 'data.x', op: 'matches', value: '.*' }, /filter\.where\.op/],
    [{ field: 'data.x', op: 'in', value: 'a' }, /in takes a list of values/],
    [{ field: 'data.x', op: 'gt', value: '1' }, /gt takes a number/],
    [{ field: 'data.x', op: 'eq' }, /eq takes one value/],
    [{ field: 'data.x', op: 'starts_with', value: 1 }, /starts_with takes a text/],
    [{ metric: 'loss', zscore: -1 }, /filter\.where\.zscore/],
    [{ not: { and: [{ field: 'data.x', op: 'eq', value: {} }] } }, /filter\.where\.not\.and\.0\.value/],
    ['data.x = 1', /a condition is an object/],
  ])('%j is refused', (input, message) => {
    expect(() => parseCondition(input, 'filter.where')).toThrow(message);
  });

  test('depth and size are bounded, however it is nested', () => {
    let deep: unknown = { field: 'data.x', op: 'exists' };
    for (let level = 0; level < 50_000; level++) deep = { not: deep };
    expect(() => parseCondition(deep, 'w')).toThrow(/at most 16 levels/);
    const wide = { or: Array.from({ length: 101 }, () => ({ field: 'data.x', op: 'exists' })) };
    expect(() => parseCondition(wide, 'w')).toThrow(/at most 100 parts/);
  });
});

const key = fc.constantFrom('a', 'b', 'c');
const scalar = fc.oneof(fc.constantFrom('x', 'y', 'xyz'), fc.integer({ min: -3, max: 3 }), fc.boolean(), fc.constant(null));
const order = fc.constantFrom('gt', 'gte', 'lt', 'lte');
const leaf = fc.oneof(
  fc.record({ field: key.map((k) => `data.${k}`), op: fc.constantFrom('eq', 'ne'), value: scalar }),
  fc.record({ field: key.map((k) => `subject.${k}`), op: order, value: fc.integer({ min: -3, max: 3 }) }),
  fc.record({
    field: key.map((k) => `data.${k}`),
    op: fc.constant('in'),
    value: fc.array(scalar, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ field: key.map((k) => `data.${k}`), op: fc.constant('exists'), value: fc.boolean() }),
);
const condition = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ not: tie('any') }),
    fc.record({ and: fc.array(tie('any'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('any'), { minLength: 1, maxLength: 3 }) }),
  ),
})).any as fc.Arbitrary<Condition>;
const values = fc.dictionary(key, scalar, { maxKeys: 3 });
const numbers = fc.dictionary(key, fc.integer({ min: -3, max: 3 }), { maxKeys: 3 });

describe('properties', () => {
  test('what was parsed means what was written, and parsing it again changes nothing', () => {
    fc.assert(
      fc.property(condition, values, numbers, (written, data, facts) => {
        const parsed = parseCondition(written, 'w');
        expect(holds(parsed, view(data, facts))).toBe(holds(written, view(data, facts)));
        expect(parseCondition(JSON.parse(JSON.stringify(parsed)), 'w')).toEqual(parsed);
      }),
    );
  });

  test('not, and, or are those of logic', () => {
    fc.assert(
      fc.property(condition, condition, values, numbers, (a, b, data, facts) => {
        const at = view(data, facts);
        const [left, right] = [holds(a, at), holds(b, at)];
        expect(holds({ not: a }, at)).toBe(!left);
        expect(holds({ and: [a, b] }, at)).toBe(left && right);
        expect(holds({ or: [a, b] }, at)).toBe(left || right);
        expect(holds({ not: { and: [a, b] } }, at)).toBe(holds({ or: [{ not: a }, { not: b }] }, at));
      }),
    );
  });

  test('whatever comes in, a condition is taken or refused by name, and testing it never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), condition), fc.jsonValue(), (input, data) => {
        let parsed: Condition;
        try {
          parsed = parseCondition(input, 'w');
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_INPUT' });
          return;
        }
        expect(typeof holds(parsed, view(data as Record<string, unknown>))).toBe('boolean');
      }),
    );
  });
});
