import { describe, expect, test } from 'vitest';
import { GateSchema, type Comparison, type Gate, type Signature } from '#contracts';
import { bootstrapsOf, evaluateGate, type GateEvidence } from './gates.js';
import { incompatibility } from './signatures.js';

const gate = (input: object): Gate => GateSchema.parse(input);
const SIGNATURE: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP64', shape: [-1, 1], nullable: true },
    { name: 'y', datatype: 'BYTES', shape: [-1, 1] },
  ],
  outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 2] }],
  classes: ['a', 'b'],
};
const NOTHING: GateEvidence = {
  datasetState: undefined,
  measured: null,
  logged: null,
  parity: null,
  signature: null,
  scan: null,
  bytes: null,
  champion: undefined,
  checks: {},
};
const judge = (input: object, evidence: Partial<GateEvidence>, index = 0) => {
  const { outcome, message, observed } = evaluateGate(gate(input), { ...NOTHING, ...evidence }, index);
  return { outcome, message, observed };
};

const report = (supports: readonly number[]) =>
  ({ perClass: supports.map((support, i) => ({ label: `c${i}`, support, precision: 1, recall: 1, f1: 1 })) }) as never;
const compared = (lower: number, supports = [10, 10]): Comparison => ({
  comparable: true,
  rows: 20,
  candidate: report(supports),
  champion: report(supports),
  differences: [
    { score: 'f1_macro', resamples: 2000, seed: 1, confidence: 0.95, observed: lower + 0.03, lower, upper: lower + 0.06 },
  ],
});
const champion = { number: 3, signature: SIGNATURE };

describe('gates', () => {
  test.each([
    [{ kind: 'metric_min', metric: 'm', min: 0.9 }, { measured: { m: 0.9 } }, 'passed'],
    [{ kind: 'metric_min', metric: 'm', min: 0.9 }, { measured: { m: 0.89 } }, 'failed'],
    [{ kind: 'metric_min', metric: 'm', min: 0.9 }, { measured: { other: 1 } }, 'unknown'],
    [{ kind: 'metric_min', metric: 'm', min: 0.9 }, { measured: null, logged: { m: 1 } }, 'unknown'],
    [{ kind: 'metric_min', metric: 'm', min: 0.9 }, { measured: { m: NaN } }, 'unknown'],
    [{ kind: 'metric_max', metric: 'm', max: 0.5, source: 'logged' }, { measured: { m: 9 }, logged: { m: 0.5 } }, 'passed'],
    [{ kind: 'metric_max', metric: 'm', max: 0.5, source: 'logged' }, { measured: { m: 0.1 } }, 'unknown'],
    [{ kind: 'metric_min', metric: 'm', min: 0.9 }, { measured: { m: 1 }, measuredUnfit: 'version 2 is RETRACTED' }, 'unknown'],
    [{ kind: 'data_valid' }, { datasetState: 'VALIDATED' }, 'passed'],
    [{ kind: 'data_valid' }, { datasetState: 'RETRACTED' }, 'failed'],
    [{ kind: 'data_valid' }, { datasetState: 'INVALID' }, 'failed'],
    [{ kind: 'data_valid' }, {}, 'unknown'],
    [{ kind: 'parity_max', max: 0.001 }, { parity: { rows: 3, maxAbsDiff: 0.001 } }, 'passed'],
    [{ kind: 'parity_max', max: 0.001 }, { parity: { rows: 3, maxAbsDiff: 0.002 } }, 'failed'],
    [{ kind: 'parity_max', max: 0.001 }, {}, 'unknown'],
    [{ kind: 'size_max', bytes: 10 }, { bytes: 10 }, 'passed'],
    [{ kind: 'size_max', bytes: 10 }, { bytes: 11 }, 'failed'],
    [{ kind: 'size_max', bytes: 10 }, {}, 'unknown'],
    [{ kind: 'files_scanned' }, { scan: { outcome: 'clean', problems: [] } }, 'passed'],
    [{ kind: 'files_scanned' }, { scan: { outcome: 'unsafe', problems: ['m.pkl: pickle'] } }, 'failed'],
    [{ kind: 'files_scanned', allowUnsafe: true }, { scan: { outcome: 'unsafe', problems: ['m.pkl: pickle'] } }, 'passed'],
    [{ kind: 'files_scanned', allowUnsafe: true }, { scan: { outcome: 'refused', problems: ['m.zip: ../x'] } }, 'failed'],
    [{ kind: 'files_scanned' }, {}, 'unknown'],
    [{ kind: 'signature_compatible' }, {}, 'passed'],
    [{ kind: 'signature_compatible' }, { champion, signature: SIGNATURE }, 'passed'],
    [{ kind: 'signature_compatible' }, { champion }, 'unknown'],
    [{ kind: 'not_worse', d: 0.02 }, {}, 'passed'],
    [{ kind: 'not_worse', d: 0.02 }, { champion }, 'unknown'],
    [{ kind: 'not_worse', d: 0.02 }, { champion, comparison: compared(-0.019) }, 'passed'],
    [{ kind: 'not_worse', d: 0.02 }, { champion, comparison: compared(-0.02) }, 'failed'],
    [{ kind: 'not_worse', d: 0.02 }, { champion, comparison: compared(0.1, [10, 4]) }, 'unknown'],
    [{ kind: 'not_worse', d: 0.02, minRowsPerClass: 4 }, { champion, comparison: compared(0.1, [10, 4]) }, 'passed'],
    [{ kind: 'not_worse', d: 0.02, score: 'accuracy' }, { champion, comparison: compared(0.1) }, 'unknown'],
    [{ kind: 'better', d: 0 }, { champion, comparison: compared(0) }, 'failed'],
    [{ kind: 'better', d: 0 }, { champion, comparison: compared(0.001) }, 'passed'],
    [
      { kind: 'better', d: 0 },
      { champion, comparison: { comparable: false, reason: '3 of the 20 test rows were trained on by the champion' } },
      'unknown',
    ],
  ] as const)('%j of %j: %s', (input, evidence, outcome) => {
    expect(judge(input, evidence as Partial<GateEvidence>).outcome).toBe(outcome);
  });

  test('say what they saw, and who measured it', () => {
    expect(
      judge({ kind: 'metric_min', metric: 'm', min: 0.9 }, { measured: { m: 0.95 }, measuredOn: 'iris version 2' }).message,
    ).toBe('m is 0.9500 (at least 0.9), measured on iris version 2; what it was trained on is not known');
    expect(judge({ kind: 'metric_min', metric: 'm', min: 0.9, source: 'logged' }, { logged: { m: 0.95 } })).toEqual({
      outcome: 'passed',
      message: 'm is 0.9500 (at least 0.9), as a client logged it',
      observed: 0.95,
    });
    expect(judge({ kind: 'better', d: 0.01 }, { champion, comparison: compared(-0.01) }).message).toBe(
      'f1_macro differs by +0.0200 from version 3 on the same 20 test rows; with 95 % confidence by at least -0.0100 (needed: above 0.01)',
    );
  });

  test('an answer of a check belongs to the gate in its place', () => {
    const check = { kind: 'http_check', name: 'bias review', url: 'https://example.org/check' };
    const checks = { 1: { outcome: 'failed', message: 'no report' } } as const;
    expect(judge(check, { checks }, 1)).toMatchObject({ outcome: 'failed', message: 'bias review: no report' });
    expect(judge(check, { checks }, 0)).toMatchObject({ outcome: 'unknown', message: 'bias review: it was not asked' });
  });

  test('ask for each difference once', () => {
    const gates = [
      { kind: 'not_worse', d: 0.1 },
      { kind: 'better', d: 0 },
      { kind: 'better', d: 0, score: 'accuracy' },
    ].map(gate);
    expect(bootstrapsOf(gates).map(({ score }) => score)).toEqual(['f1_macro', 'accuracy']);
  });
});

describe('signatures', () => {
  const next = (change: Partial<Signature>): Signature => ({ ...SIGNATURE, ...change });
  test.each([
    [next({}), undefined],
    [next({ inputs: SIGNATURE.inputs.slice(0, 1) }), undefined],
    [next({ inputs: [...SIGNATURE.inputs, { name: 'z', datatype: 'FP64', shape: [-1, 1], nullable: true }] }), undefined],
    [next({ inputs: [...SIGNATURE.inputs, { name: 'z', datatype: 'FP64', shape: [-1, 1] }] }), /needs the input z/],
    [next({ inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 1] }, SIGNATURE.inputs[1]!] }), /x takes no missing value/],
    [next({ inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1], nullable: true }] }), /x is FP32, was FP64/],
    [next({ outputs: [{ name: 'other', datatype: 'FP32', shape: [-1, 2] }] }), /lacks the output probabilities/],
    [next({ outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 3] }] }), /shape \[-1, 3\], was \[-1, 2\]/],
    [next({ classes: ['a'] }), /does not know the class b/],
    [next({ classes: ['b', 'a', 'c'] }), undefined],
  ])('%#', (signature, problem) => {
    if (problem) expect(incompatibility(SIGNATURE, signature)).toMatch(problem);
    else expect(incompatibility(SIGNATURE, signature)).toBeUndefined();
  });
});
