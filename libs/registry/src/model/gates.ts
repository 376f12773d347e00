import { isChampionGate, type Comparison, type Bootstrap, type Gate, type GateResult, type Signature } from '#contracts';
import { assertNever } from '#kernel';
import { incompatibility } from './signatures.js';

/** What a scan said of the files of a version. */
export interface ScanFacts {
  readonly outcome: 'clean' | 'unsafe' | 'refused';
  readonly problems: readonly string[];
}

/** What gates look at, frozen with the verdict. Undefined or null: it is not known, and a gate that needs it cannot be evaluated. */
export interface GateEvidence {
  /** State of the data set version that the run trained on; undefined when it has none. */
  readonly datasetState: string | undefined;
  /** Measured by jobs of the platform on the version's own files. */
  readonly measured: Readonly<Record<string, number>> | null;
  /** The data set version on which it was measured, where what it was trained on is not known. */
  readonly measuredOn?: string;
  /** Why the figures that were measured there do not count any more. */
  readonly measuredUnfit?: string;
  /** Latest values that a client wrote into the run; asked for only when a gate names one. */
  readonly logged: Readonly<Record<string, number>> | null;
  /** Largest difference between the formats, and over how many rows. */
  readonly parity: { readonly rows: number; readonly maxAbsDiff: number } | null;
  readonly signature: Signature | null;
  readonly scan: ScanFacts | null;
  /** All files together, in bytes. */
  readonly bytes: number | null;
  /** Version that stands in the stage now; undefined when none does. */
  readonly champion: { readonly number: number; readonly signature: Signature | null } | undefined;
  /** Both models on the candidate's test rows; only asked for when a gate needs it and there is a champion. */
  readonly comparison?: Comparison;
  /** Answers of the workspace's own checks, by their place among the gates. */
  readonly checks: Readonly<Record<number, CheckAnswer>>;
}

export interface CheckAnswer {
  readonly outcome: GateResult['outcome'];
  readonly message: string;
}

/** The differences to the champion that gates ask for, each once. */
export function bootstrapsOf(gates: readonly Gate[]): Bootstrap[] {
  const asked = gates.filter((gate) => gate.kind === 'not_worse' || gate.kind === 'better').map(bootstrapOf);
  return asked.filter((one, i) => asked.findIndex((other) => sameBootstrap(one, other)) === i);
}

type DifferenceGate = Extract<Gate, { kind: 'not_worse' | 'better' }>;

function bootstrapOf({ score, resamples, seed, confidence }: DifferenceGate): Bootstrap {
  return { score, resamples, seed, confidence };
}

function sameBootstrap(a: Bootstrap, b: Bootstrap): boolean {
  return a.score === b.score && a.resamples === b.resamples && a.seed === b.seed && a.confidence === b.confidence;
}

export function needsLogged(gates: readonly Gate[]): boolean {
  return gates.some((gate) => 'source' in gate && gate.source === 'logged');
}

export function needsChampion(gates: readonly Gate[]): boolean {
  return gates.some(isChampionGate);
}

type Verdict = (outcome: GateResult['outcome'], message: string, observed?: number | null) => GateResult;

/** Judges the gate in place `index` of its move. */
export function evaluateGate(gate: Gate, evidence: GateEvidence, index: number): GateResult {
  const say: Verdict = (outcome, message, observed = null) => ({ gate, outcome, message, observed });
  switch (gate.kind) {
    case 'data_valid':
      if (evidence.datasetState === undefined) return say('unknown', 'the version names no data set version');
      return say(evidence.datasetState === 'VALIDATED' ? 'passed' : 'failed', `the data set version is ${evidence.datasetState}`);
    case 'metric_min':
    case 'metric_max':
      return threshold(gate, evidence, say);
    case 'parity_max':
      return parity(gate.max, evidence, say);
    case 'not_worse':
    case 'better':
      return difference(gate, evidence, say);
    case 'signature_compatible':
      return compatible(evidence, say);
    case 'files_scanned':
      return scanned(gate.allowUnsafe, evidence, say);
    case 'size_max':
      if (evidence.bytes === null) return say('unknown', 'the files of the version are not known');
      return say(
        evidence.bytes <= gate.bytes ? 'passed' : 'failed',
        `its files have ${evidence.bytes} bytes (at most ${gate.bytes})`,
        evidence.bytes,
      );
    case 'http_check': {
      const answer = evidence.checks[index] ?? { outcome: 'unknown' as const, message: 'it was not asked' };
      return say(answer.outcome, `${gate.name}: ${answer.message}`);
    }
    default:
      return assertNever(gate);
  }
}

function threshold(gate: Extract<Gate, { kind: 'metric_min' | 'metric_max' }>, evidence: GateEvidence, say: Verdict): GateResult {
  const logged = gate.source === 'logged';
  const figures = logged ? evidence.logged : evidence.measured;
  if (!figures)
    return say('unknown', logged ? 'the version names no run of ours' : 'the platform has not evaluated this version');
  if (!logged && evidence.measuredUnfit)
    return say('unknown', `the figures were measured on data that do not stand: ${evidence.measuredUnfit}`);
  const value = figures[gate.metric];
  const who = logged ? 'the run has logged' : 'the platform has measured';
  if (value === undefined) return say('unknown', `${who} no ${gate.metric}`);
  if (Number.isNaN(value)) return say('unknown', `${who} NaN for ${gate.metric}`);
  const passed = gate.kind === 'metric_min' ? value >= gate.min : value <= gate.max;
  const bound = gate.kind === 'metric_min' ? `at least ${gate.min}` : `at most ${gate.max}`;
  const on = evidence.measuredOn ? `, measured on ${evidence.measuredOn}; what it was trained on is not known` : '';
  const note = logged ? ', as a client logged it' : on;
  return say(passed ? 'passed' : 'failed', `${gate.metric} is ${value.toFixed(4)} (${bound})${note}`, value);
}

function parity(max: number, evidence: GateEvidence, say: Verdict): GateResult {
  if (!evidence.parity) return say('unknown', 'the platform has not evaluated this version');
  const { maxAbsDiff, rows } = evidence.parity;
  const message = `formats differ by at most ${maxAbsDiff.toExponential(1)} on ${rows} rows (allowed ${max})`;
  return say(maxAbsDiff <= max ? 'passed' : 'failed', message, maxAbsDiff);
}

function difference(gate: DifferenceGate, { champion, comparison }: GateEvidence, say: Verdict): GateResult {
  if (!champion) return say('passed', 'no version stands in the stage yet');
  if (!comparison) return say('unknown', 'the two versions were not compared');
  if (!comparison.comparable) return say('unknown', comparison.reason);
  const fewest = comparison.candidate.perClass.reduce((least, each) => (each.support < least.support ? each : least));
  if (fewest.support < gate.minRowsPerClass)
    return say(
      'unknown',
      `the class ${fewest.label} has ${fewest.support} test rows, too few to judge (at least ${gate.minRowsPerClass})`,
    );
  const found = comparison.differences.find((each) => sameBootstrap(each, bootstrapOf(gate)));
  if (!found) return say('unknown', 'the difference to the champion was not measured');
  const bound = gate.kind === 'better' ? gate.d : -gate.d;
  const message =
    `${gate.score} differs by ${signed(found.observed)} from version ${champion.number} on the same ${comparison.rows} test rows; with ` +
    `${found.confidence * 100} % confidence by at least ${signed(found.lower)} (needed: above ${bound})`;
  return say(found.lower > bound ? 'passed' : 'failed', message, found.lower);
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;

function compatible({ signature, champion }: GateEvidence, say: Verdict): GateResult {
  if (!champion) return say('passed', 'no version stands in the stage yet');
  if (!signature) return say('unknown', 'the version has no signature');
  if (!champion.signature) return say('unknown', `version ${champion.number}, which stands in the stage, has no signature`);
  const problem = incompatibility(champion.signature, signature);
  return problem
    ? say('failed', `callers of version ${champion.number} cannot call it: ${problem}`)
    : say('passed', `callers of version ${champion.number} can call it`);
}

function scanned(allowUnsafe: boolean, { scan }: GateEvidence, say: Verdict): GateResult {
  if (!scan) return say('unknown', 'its files have not been scanned');
  const list = scan.problems.slice(0, 5).join('; ');
  if (scan.outcome === 'clean') return say('passed', 'nothing was found in its files');
  if (scan.outcome === 'refused') return say('failed', `its files are broken or hostile: ${list}`);
  return say(allowUnsafe ? 'passed' : 'failed', `it holds formats that can execute code: ${list}`);
}
