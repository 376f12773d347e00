import { expect, test } from 'vitest';
import { TrainingSpecSchema } from '#contracts';
import { overriddenSpec } from './overridden-spec.js';

const spec = TrainingSpecSchema.parse({ task: 'classification', label: 'y', split: { train: 0.8, validation: 0.1, test: 0.1 } });

test('what is named changes, however deep it stands; lists are replaced as a whole', () => {
  const changed = overriddenSpec(spec, { training: { maxEpochs: 3, earlyStopping: { patience: 2 } }, model: { layers: [] } });
  expect(changed.training).toEqual({
    ...spec.training,
    maxEpochs: 3,
    earlyStopping: { ...spec.training.earlyStopping, patience: 2 },
  });
  expect(changed.model.layers).toEqual([]);
  expect(changed.split).toEqual(spec.split);
  expect(overriddenSpec(spec, undefined)).toBe(spec);
});

test.each([
  [{ training: { epochs: 3 } }, /overrides\.training: .*epochs/],
  [{ training: { maxEpochs: 0 } }, /overrides\.training\.maxEpochs/],
  [{ split: { train: 0.9 } }, /overrides\.split: .*sum to 1/],
  [{ training: null }, /overrides\.training/],
  [JSON.parse('{"__proto__": {"label": "x"}}') as object, /overrides/],
])('%j does not fit', (overrides, message) => {
  expect(() => overriddenSpec(spec, overrides as Record<string, unknown>)).toThrow(message);
});
