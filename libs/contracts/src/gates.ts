import { z } from 'zod';

/** `measured`: by a job of the platform on the version's own files. `logged`: what a client wrote into the run; a flow has to ask for it by name. */
const source = z.enum(['measured', 'logged']).default('measured');

/**
 * How candidate and champion are compared: the difference of a score on the same test rows, and the interval of it by a paired percentile bootstrap
 * (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13) of `resamples` samples of the rows, drawn with `seed`.
 */
const comparison = {
  score: z.enum(['f1_macro', 'accuracy']).default('f1_macro'),
  resamples: z.int().min(2000).max(20_000).default(2000),
  seed: z.int().min(0).max(4_294_967_295).default(1),
  confidence: z.number().gt(0.5).lt(1).default(0.95),
  /** Fewer test rows of a class than this say too little: the gate cannot be evaluated. */
  minRowsPerClass: z.int().min(1).default(5),
};

/** A condition that a model version meets before it may come into a stage. */
export const GateSchema = z.discriminatedUnion('kind', [
  /** Every check of the data set version that it was trained on is green. */
  z.strictObject({ kind: z.literal('data_valid') }),
  z.strictObject({ kind: z.literal('metric_min'), metric: z.string().min(1), min: z.number(), source }),
  z.strictObject({ kind: z.literal('metric_max'), metric: z.string().min(1), max: z.number(), source }),
  /** The lower bound of the difference to the champion is above -d; passes while there is no champion. */
  z.strictObject({ kind: z.literal('not_worse'), d: z.number().min(0).max(1), ...comparison }),
  /** The lower bound of the difference to the champion is above d; passes while there is no champion. */
  z.strictObject({ kind: z.literal('better'), d: z.number().min(0).max(1), ...comparison }),
  /** The formats give the same answers but for this difference of a probability. */
  z.strictObject({ kind: z.literal('parity_max'), max: z.number().positive() }),
  /** Callers of the version that stands in the stage can call this one: no new required input, no output less, no other type. */
  z.strictObject({ kind: z.literal('signature_compatible') }),
  /** A scan found nothing wrong in its files; with `allowUnsafe` it may hold formats that can execute code. */
  z.strictObject({ kind: z.literal('files_scanned'), allowUnsafe: z.boolean().default(false) }),
  /** All its files together, in bytes. */
  z.strictObject({ kind: z.literal('size_max'), bytes: z.int().positive() }),
  /** A service of the workspace's own says yes: it gets what the gate is asked for, and answers 200 with {"passed": true|false, "message": "…"}. */
  z.strictObject({
    kind: z.literal('http_check'),
    name: z.string().min(1).max(100),
    url: z.string().min(1).max(2000),
    timeoutSeconds: z.int().min(1).max(30).default(10),
  }),
]);
export type Gate = z.infer<typeof GateSchema>;

/** Gates that look at the version that stands in the stage: evaluated again when the move is made. */
export type ChampionGate = Extract<Gate, { kind: 'not_worse' | 'better' | 'signature_compatible' }>;

export function isChampionGate(gate: Gate): gate is ChampionGate {
  return gate.kind === 'not_worse' || gate.kind === 'better' || gate.kind === 'signature_compatible';
}

/** What a gate asks, in a few words: `f1_macro at least 0.8`. */
export function gateText(gate: Gate): string {
  switch (gate.kind) {
    case 'metric_min':
      return `${gate.metric} at least ${gate.min}`;
    case 'metric_max':
      return `${gate.metric} at most ${gate.max}`;
    case 'not_worse':
      return `${gate.score} worse than the champion by less than ${gate.d}`;
    case 'better':
      return `${gate.score} better than the champion by more than ${gate.d}`;
    case 'parity_max':
      return `formats apart by at most ${gate.max}`;
    case 'size_max':
      return `at most ${gate.bytes} bytes`;
    case 'http_check':
      return `check ${gate.name}`;
    default:
      return gate.kind.replaceAll('_', ' ');
  }
}

export const GateResultSchema = z.strictObject({
  gate: GateSchema,
  /** `unknown`: could not be evaluated, which blocks like a failure. */
  outcome: z.enum(['passed', 'failed', 'unknown']),
  message: z.string(),
  observed: z.number().nullable(),
});
export type GateResult = z.infer<typeof GateResultSchema>;
