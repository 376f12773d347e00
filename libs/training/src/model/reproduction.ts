import { ranDifferences, type Ran, type RunDifference, type TrainingSpec } from '#contracts';
import { isClose, type Tolerance } from './tolerance.js';

/** PENDING until the run that does it anew has ended and is measured. */
export type Verdict = 'PENDING' | 'AGREES' | 'DISAGREES' | 'NOT_COMPARABLE';

/** All points of a metric by step. */
export interface Curve {
  readonly key: string;
  readonly source: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** A number, or how NaN and infinities are spelt in JSON. */
export type Figure = number | string;

export interface MetricComparison {
  readonly key: string;
  /** Who measured it: `attempt` or `platform`. */
  readonly source: string;
  /** Last values; null where the run has none. */
  readonly original: Figure | null;
  readonly reproduced: Figure | null;
  /** The greatest difference of the values that were compared. */
  readonly difference: Figure | null;
  /** Absolute part of its tolerance. */
  readonly absolute: number;
  /** How many steps were compared: all where both runs have the same steps, else the last values alone. */
  readonly points: number;
  /** First step whose values do not agree. */
  readonly firstStep: number | null;
  /** null: only the run that does it anew has it. */
  readonly agrees: boolean | null;
}

/** What was found when two runs were compared. */
export interface ReproductionReport {
  readonly metrics: readonly MetricComparison[];
  /** Whether the weights are the same byte for byte; null where a run has none. */
  readonly weightsEqual: boolean | null;
  readonly differences: readonly RunDifference[];
}

/** One side of a comparison. */
export interface TrainedRun {
  readonly curves: readonly Curve[];
  /** SHA-256 of the weights. */
  readonly weights: string | undefined;
  readonly datasetVersionId: string;
  readonly tableBlob: string;
  readonly spec: TrainingSpec;
  readonly ran: Partial<Ran>;
}

export function compareRuns(original: TrainedRun, reproduced: TrainedRun, tolerance: Tolerance): ReproductionReport {
  return {
    metrics: compareCurves(original.curves, reproduced.curves, tolerance),
    weightsEqual: original.weights && reproduced.weights ? original.weights === reproduced.weights : null,
    differences: [...inputDifferences(original, reproduced), ...ranDifferences(original.ran, reproduced.ran)],
  };
}

/** A run agrees when each metric of the original is there again and agrees. */
export function verdictOf({ metrics }: ReproductionReport): Exclude<Verdict, 'PENDING'> {
  const asked = metrics.filter(({ agrees }) => agrees !== null);
  if (asked.length === 0) return 'NOT_COMPARABLE';
  return asked.every(({ agrees }) => agrees) ? 'AGREES' : 'DISAGREES';
}

function compareCurves(original: readonly Curve[], reproduced: readonly Curve[], tolerance: Tolerance): MetricComparison[] {
  const idOf = ({ key, source }: Curve) => `${source} ${key}`;
  const [before, after] = [new Map(original.map((c) => [idOf(c), c])), new Map(reproduced.map((c) => [idOf(c), c]))];
  return [...new Set([...before.keys(), ...after.keys()])].map((id) => compareCurve(before.get(id), after.get(id), tolerance));
}

function compareCurve(before: Curve | undefined, after: Curve | undefined, tolerance: Tolerance): MetricComparison {
  const { key, source } = (before ?? after)!;
  const absolute = tolerance.metrics[key] ?? tolerance.absolute;
  const last = { original: figureOf(before?.values.at(-1)), reproduced: figureOf(after?.values.at(-1)) };
  const nothing = { key, source, ...last, absolute, difference: null, points: 0, firstStep: null };
  if (!before) return { ...nothing, agrees: null };
  if (!after) return { ...nothing, agrees: false };
  const pairs = pairsOf(before, after);
  const apart = pairs.find(([, a, b]) => !isClose(b, a, absolute, tolerance.relative));
  return {
    ...nothing,
    difference: figureOf(pairs.reduce((most, [, a, b]) => worse(most, distance(a, b)), 0)),
    points: pairs.length,
    firstStep: apart?.[0] ?? null,
    agrees: !apart,
  };
}

/** [step, original, reproduced]: of every step where both have the same ones, else of the last alone. */
function pairsOf(before: Curve, after: Curve): [number, number, number][] {
  const same = before.steps.length === after.steps.length && before.steps.every((step, i) => step === after.steps[i]);
  if (!same) return [[before.steps.at(-1)!, before.values.at(-1)!, after.values.at(-1)!]];
  return before.steps.map((step, i) => [step, before.values[i]!, after.values[i]!]);
}

const distance = (a: number, b: number): number => (Object.is(a, b) || a === b ? 0 : Math.abs(a - b));
const worse = (a: number, b: number): number => (Number.isNaN(a) || a > b ? a : b);

function figureOf(value: number | undefined): Figure | null {
  if (value === undefined) return null;
  return Number.isFinite(value) ? value : String(value);
}

/** What a training was given and did not give again: nothing, unless somebody changed rows by hand. */
function inputDifferences(original: TrainedRun, reproduced: TrainedRun): RunDifference[] {
  const data = (['datasetVersionId', 'tableBlob'] as const).flatMap((key) =>
    original[key] === reproduced[key]
      ? []
      : [{ part: 'DATA' as const, key, original: original[key], reproduced: reproduced[key] }],
  );
  const [before, after] = [new Map(leaves(original.spec)), new Map(leaves(reproduced.spec))];
  const spec = [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => ({
      part: /(^|\.)seed$/.test(key) ? ('SEED' as const) : ('SPEC' as const),
      key,
      original: before.get(key) ?? null,
      reproduced: after.get(key) ?? null,
    }));
  return [...data, ...spec];
}

/** Path and JSON of each part of a spec that has no parts. */
function leaves(value: unknown, path = ''): [string, string][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, path ? `${path}.${key}` : key));
}
