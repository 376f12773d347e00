import { z } from 'zod';

/** A condition that a model version meets before it may stand in a stage. Figures are the platform's own, measured on the version's files. */
export const GateSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('data_valid') }),
  z.strictObject({ kind: z.literal('metric_min'), metric: z.string().min(1), min: z.number() }),
  z.strictObject({ kind: z.literal('parity_max'), max: z.number().positive() }),
  /** Candidate's macro F1 on the test rows is at least the champion's on the same rows, less `margin`; passes while there is no champion. */
  z.strictObject({ kind: z.literal('not_worse_than_champion'), margin: z.number().nonnegative() }),
]);
export type Gate = z.infer<typeof GateSchema>;

/** One stage: how many versions it holds, where a version may come from, its gates and how many approvals it takes. */
export const StageSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/),
  holds: z.enum(['one', 'many']),
  from: z.array(z.string()),
  gates: z.array(GateSchema).default([]),
  approvals: z.int().min(0).max(5).default(0),
});
export type Stage = z.infer<typeof StageSchema>;

/** Stages of a model. `none` is where every version begins and needs no entry. A version that a `one` stage replaces goes to `archived`. */
export const StageFlowSchema = z.strictObject({
  stages: z.array(StageSchema).min(1),
  /** Tells flows apart that the platform itself gives: `mlflow` is that of models made through MLflow's API. */
  name: z.string().max(64).optional(),
  /** Aliases that may only point at a version in the stage of that name (or in any guarded one). Absent: the names of the guarded stages. */
  protectedAliases: z.array(z.string()).optional(),
});
export type StageFlow = z.infer<typeof StageFlowSchema>;

/** none -> staging -> production -> archived; production holds one version and takes one approval. */
export function defaultStageFlow(productionGates: readonly Gate[]): StageFlow {
  return {
    stages: [
      { name: 'staging', holds: 'many', from: ['none'], gates: [], approvals: 0 },
      { name: 'production', holds: 'one', from: ['none', 'staging', 'archived'], gates: [...productionGates], approvals: 1 },
      { name: 'archived', holds: 'many', from: ['none', 'staging', 'production'], gates: [], approvals: 0 },
    ],
  };
}

export const GateResultSchema = z.strictObject({
  gate: GateSchema,
  /** `unknown`: could not be evaluated, which blocks like a failure. */
  outcome: z.enum(['passed', 'failed', 'unknown']),
  message: z.string(),
  observed: z.number().nullable(),
});
export type GateResult = z.infer<typeof GateResultSchema>;
