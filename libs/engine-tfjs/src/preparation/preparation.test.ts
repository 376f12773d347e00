import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { sha256 } from '#kernel';
import { FittedPreparationSchema } from '#contracts';
import { specOf, tableOf } from '../testing.js';
import { applyPreparation, knownLabelRows, labelIndexes } from './apply.js';
import { featureColumns } from './features.js';
import { fitPreparation } from './fit.js';
import { rowKeys } from './row-keys.js';
import { splitRows, splitTable } from './split.js';

describe('featureColumns', () => {
  const table = tableOf({ y: ['a', 'b'], x: [1, 2], z: ['p', null] });

  it('takes every column but the label, or those named', () => {
    expect(featureColumns(specOf({ label: 'y' }), table).features.map((column) => column.name)).toEqual(['x', 'z']);
    expect(featureColumns(specOf({ label: 'y', features: ['z'] }), table).features.map((column) => column.name)).toEqual(['z']);
  });

  it('names an unknown column and lists the known ones', () => {
    expect(() => featureColumns(specOf({ label: 'y', features: ['q'] }), table)).toThrow(
      expect.objectContaining({ code: 'BAD_SPEC', field: 'features', message: 'unknown column "q"; the data set has: y, x, z' }),
    );
    expect(() => featureColumns(specOf({ label: 'w' }), table)).toThrow(
      expect.objectContaining({ code: 'BAD_SPEC', field: 'label' }),
    );
  });

  it('refuses the label as a feature and a feature named twice', () => {
    expect(() => featureColumns(specOf({ label: 'y', features: ['y'] }), table)).toThrow(/also listed as a feature/);
    expect(() => featureColumns(specOf({ label: 'y', features: ['x', 'x'] }), table)).toThrow(/listed twice/);
  });
});

describe('rowKeys', () => {
  it('is the SHA-256 of the canonical JSON of sorted name-value pairs', () => {
    const keys = rowKeys(tableOf({ b: [0.1, null], a: ['é', 'x'], y: ['p', 'q'] }), ['b', 'a']);
    expect(keys).toEqual([sha256('[["a","é"],["b",0.1]]'), sha256('[["a","x"],["b",null]]')]);
  });

  it('does not depend on the order of features, the label, or the Unicode form', () => {
    const composed = tableOf({ a: ['\u00e9'], b: [1], y: ['p'] });
    const decomposed = tableOf({ b: [1], a: ['e\u0301'], y: ['q'] });
    expect(rowKeys(composed, ['a', 'b'])).toEqual(rowKeys(decomposed, ['b', 'a']));
  });

  it('tells a number from its text and a missing value from the text null', () => {
    const keys = rowKeys(tableOf({ a: [1, '1', null, 'null', true, 'true'] }), ['a']);
    expect(new Set(keys).size).toBe(6);
  });
});

describe('splitRows', () => {
  const split = specOf({ label: 'y' }).split;

  it('chooses the part from the first 52 bits of the hash', () => {
    const position = (key: string) => Number(BigInt(`0x${sha256(`42:${key}`)}`) >> 204n) / 2 ** 52;
    const keys = Array.from({ length: 500 }, (_, index) => `key${index}`);
    const parts = splitRows(keys, split);
    expect(parts.train).toEqual([...keys.keys()].filter((row) => position(keys[row]!) < 0.7));
    expect(parts.test).toEqual([...keys.keys()].filter((row) => position(keys[row]!) >= 0.85));
    expect(parts.train.length + parts.validation.length + parts.test.length).toBe(500);
    expect(Math.abs(parts.train.length / 500 - 0.7)).toBeLessThan(0.07);
  });

  it('keeps each row in its part when rows are added, removed or moved', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), fc.array(fc.string()), (keys, more) => {
        const before = splitRows(keys, split);
        const grown = [...more, ...keys.toReversed()];
        const after = splitRows(grown, split);
        const names = (rows: readonly number[], from: string[]) => new Set(rows.map((row) => from[row]!));
        for (const part of ['train', 'validation', 'test'] as const)
          for (const key of names(before[part], keys)) expect(names(after[part], grown)).toContain(key);
      }),
    );
  });

  it('puts rows without a label in no part', () => {
    const table = tableOf({ y: ['a', null, 'b', ''], x: [1, 2, 3, 4] });
    const { parts } = splitTable(specOf({ label: 'y' }), table);
    expect([...parts.train, ...parts.validation, ...parts.test].sort()).toEqual([0, 2]);
  });
});

describe('fitPreparation and applyPreparation', () => {
  const table = tableOf({
    y: ['b', 'a', 'b', 'a', 'c', null],
    n: [1, null, 3, 8, 1000, null],
    k: [5, 5, 5, 5, 6, null],
    t: ['red', 'blue', null, 'red', 'green', ''],
    f: [true, false, null, false, true, null],
  });
  const train = [0, 1, 2, 3];
  const prep = fitPreparation(table, train, specOf({ label: 'y' }));

  it('fits on the given rows only', () => {
    // Column n after imputation by the median 3: 1, 3, 3, 8; mean 3.75; variance (7.5625 + 0.5625 + 0.5625 + 18.0625) / 4 = 6.6875.
    expect(prep).toEqual({
      label: { column: 'y', classes: ['a', 'b'] },
      features: [
        { column: 'n', kind: 'number', impute: 3, mean: 3.75, std: Math.sqrt(6.6875) },
        { column: 'k', kind: 'number', impute: 5, mean: 5, std: 1 },
        { column: 't', kind: 'text', impute: 'red', categories: ['blue', 'red'] },
        { column: 'f', kind: 'text', impute: 'false', categories: ['false', 'true'] },
      ],
      width: 6,
    });
    expect(FittedPreparationSchema.parse(prep)).toEqual(prep);
  });

  it('breaks ties of the most frequent category by sort order', () => {
    const tied = tableOf({ y: ['a', 'b'], t: ['z', 'm'] });
    expect(fitPreparation(tied, [0, 1], specOf({ label: 'y' })).features[0]).toMatchObject({ impute: 'm' });
  });

  it('imputes by the mean and leaves the scale when told so', () => {
    const spec = specOf({ label: 'y', features: ['n'], preparation: { numeric: { impute: 'mean', scale: 'none' } } });
    expect(fitPreparation(table, train, spec).features).toEqual([{ column: 'n', kind: 'number', impute: 4, mean: 0, std: 1 }]);
  });

  it('gives prepared rows: scaled numbers, one-hot text, zeros for unseen categories', () => {
    const std = Math.sqrt(6.6875);
    const expected = [
      [(3 - 3.75) / std, 0, 1, 0, 1, 0],
      [(3 - 3.75) / std, 0, 0, 1, 1, 0],
      [(1000 - 3.75) / std, 1, 0, 0, 0, 1],
    ];
    expect(applyPreparation(prep, table, [1, 5, 4])).toEqual(Float32Array.from(expected.flat()));
  });

  it('gives class indexes, -1 for unknown and missing ones', () => {
    expect([...labelIndexes(prep, table, [0, 1, 4, 5])]).toEqual([1, 0, -1, -1]);
    expect(knownLabelRows(prep, table, [0, 1, 4, 5])).toEqual({ rows: [0, 1], unknown: ['(missing)', 'c'] });
  });

  it('takes booleans and numbers as labels', () => {
    const odd = tableOf({ y: [1, 2.5, 1], b: [true, false, true], x: [1, 2, 3] });
    expect(fitPreparation(odd, [0, 1, 2], specOf({ label: 'y' })).label.classes).toEqual(['1', '2.5']);
    expect(fitPreparation(odd, [0, 1, 2], specOf({ label: 'b' })).label.classes).toEqual(['false', 'true']);
  });

  it('refuses one class, a feature without values, and another type later', () => {
    const bad = (message: RegExp) => expect.objectContaining({ code: 'BAD_DATA', message: expect.stringMatching(message) });
    expect(() => fitPreparation(table, [0, 2], specOf({ label: 'y', features: ['k'] }))).toThrow(bad(/only one class \("b"\)/));
    const hollow = tableOf({ y: ['a', 'b'], x: [null, null], k: [1, 2] });
    expect(() => fitPreparation(hollow, [0, 1], specOf({ label: 'y' }))).toThrow(bad(/"x" has no value/));
    expect(() => applyPreparation(prep, { ...table, data: { ...table.data, n: ['1'] } }, [0])).toThrow(bad(/now holds a string/));
    expect(() => applyPreparation(prep, tableOf({ n: [1] }), [0])).toThrow(bad(/no column "k"/));
  });

  it('refuses an identifier as a category', () => {
    const ids = tableOf({
      y: Array.from({ length: 20_000 }, (_, i) => `c${i % 2}`),
      id: Array.from({ length: 20_000 }, (_, i) => `row${i}`),
    });
    expect(() => fitPreparation(ids, [...ids.data['y']!.keys()], specOf({ label: 'y' }))).toThrow(
      /"id" alone has 20000 categories/,
    );
  });
});
