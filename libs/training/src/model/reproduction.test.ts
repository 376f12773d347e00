import { describe, expect, it, test } from 'vitest';
import { TrainingSpecSchema } from '#contracts';
import { compareRuns, verdictOf, type Curve, type TrainedRun } from './reproduction.js';
import { DEFAULT_TOLERANCE, isClose, toleranceOf } from './tolerance.js';

const spec = TrainingSpecSchema.parse({ task: 'classification', label: 'y' });
const ran = { code: 'tailrace@1', engine: 'tfjs 4', backend: 'wasm', environment: { node: 'v24', cpu: 'x' } };
const loss = (values: readonly number[], source = 'attempt'): Curve => ({
  key: 'loss',
  source,
  steps: values.map((_, i) => i + 1),
  values,
});
const run = (curves: readonly Curve[], more: Partial<TrainedRun> = {}): TrainedRun => ({
  curves,
  weights: 'a',
  datasetVersionId: 'dsv_1',
  tableBlob: 't',
  spec,
  ran,
  ...more,
});

// Expected values are those of numpy.isclose(reproduced, original, rtol, atol, equal_nan=True).
test.each([
  [1.00001, 1, 0, 1e-5, false],
  [1.000009, 1, 0, 1e-5, true],
  [0.5, 0.501, 0.0011, 0, true],
  [0.5, 0.501, 0.0009, 0, false],
  [NaN, NaN, 0, 0, true],
  [NaN, 1, 1e9, 0, false],
  [Infinity, Infinity, 0, 0, true],
  [Infinity, -Infinity, 1e9, 1e9, false],
  [1, Infinity, 0, 1, false],
  [0, -0, 0, 0, true],
])('%d is close to %d with absolute %d and relative %d: %s', (reproduced, original, absolute, relative, close) => {
  expect(isClose(reproduced, original, absolute, relative)).toBe(close);
});

describe('tolerances', () => {
  it('have defaults, and an absolute part for single metrics', () => {
    expect(toleranceOf({}, [])).toEqual(DEFAULT_TOLERANCE);
    expect(toleranceOf({ absolute: 0.1, metrics: [{ key: 'loss', absolute: 1 }] }, ['loss'])).toEqual({
      absolute: 0.1,
      relative: 1e-5,
      metrics: { loss: 1 },
    });
  });

  it.each([
    [{ absolute: -1 }, /0 or more, not -1/],
    [{ relative: NaN }, /not NaN/],
    [{ metrics: [{ key: 'f1', absolute: 1 }] }, /no metric "f1"; it has loss/],
  ])('%j is none', (input, message) => {
    expect(() => toleranceOf(input, ['loss'])).toThrow(message);
  });
});

describe('two runs', () => {
  it('agree when every step does, and say nothing differs', () => {
    const report = compareRuns(run([loss([3, 2, 1])]), run([loss([3, 2, 1])]), DEFAULT_TOLERANCE);
    expect(report).toMatchObject({ weightsEqual: true, differences: [] });
    expect(report.metrics).toEqual([expect.objectContaining({ points: 3, difference: 0, firstStep: null, agrees: true })]);
    expect(verdictOf(report)).toBe('AGREES');
  });

  it('do not agree when one step in the middle does not, though the last does', () => {
    const report = compareRuns(run([loss([3, 2, 1])]), run([loss([3, 2.5, 1])]), DEFAULT_TOLERANCE);
    expect(report.metrics[0]).toMatchObject({ original: 1, reproduced: 1, difference: 0.5, firstStep: 2, agrees: false });
    expect(verdictOf(report)).toBe('DISAGREES');
  });

  it('are compared by their last values where they have other steps', () => {
    const report = compareRuns(run([loss([3, 2, 1])]), run([loss([9, 1])]), DEFAULT_TOLERANCE);
    expect(report.metrics[0]).toMatchObject({ points: 1, difference: 0, agrees: true });
  });

  it('do not agree when a metric of the original is missing; one that is new is told and does not count', () => {
    const [one, two] = [loss([1]), loss([1], 'platform')];
    expect(verdictOf(compareRuns(run([one, two]), run([one]), DEFAULT_TOLERANCE))).toBe('DISAGREES');
    const more = compareRuns(run([one]), run([one, two]), DEFAULT_TOLERANCE);
    expect(more.metrics[1]).toMatchObject({ source: 'platform', original: null, agrees: null });
    expect(verdictOf(more)).toBe('AGREES');
    expect(verdictOf(compareRuns(run([]), run([one]), DEFAULT_TOLERANCE))).toBe('NOT_COMPARABLE');
  });

  it('name what they had otherwise: data, spec, seeds, what trained, and what is not recorded', () => {
    const other = TrainingSpecSchema.parse({
      task: 'classification',
      label: 'y',
      split: { seed: 1 },
      training: { batchSize: 8 },
    });
    const changed = run([], {
      spec: other,
      tableBlob: 'u',
      weights: undefined,
      ran: { ...ran, backend: 'cpu', environment: {} },
    });
    const { differences, weightsEqual } = compareRuns(run([]), changed, DEFAULT_TOLERANCE);
    expect(weightsEqual).toBeNull();
    expect(differences.map(({ part, key, original, reproduced }) => [part, key, original, reproduced])).toEqual([
      ['DATA', 'tableBlob', 't', 'u'],
      ['SEED', 'split.seed', '42', '1'],
      ['SPEC', 'training.batchSize', '32', '8'],
      ['BACKEND', 'backend', 'wasm', 'cpu'],
      ['ENVIRONMENT', 'cpu', 'x', null],
      ['ENVIRONMENT', 'node', 'v24', null],
    ]);
    const unknown = compareRuns(run([], { ran: {} }), run([]), DEFAULT_TOLERANCE).differences;
    expect(unknown.map(({ part, original }) => [part, original])).toEqual([
      ['CODE', null],
      ['ENGINE', null],
      ['BACKEND', null],
      ['ENVIRONMENT', null],
      ['ENVIRONMENT', null],
    ]);
  });
});
