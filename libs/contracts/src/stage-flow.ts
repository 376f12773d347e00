import { z } from 'zod';
import { GateSchema, isChampionGate, type Gate } from './gates.js';

/** Where every version begins. */
export const NO_STAGE = 'none';
/** Where the version goes that another one replaces in a stage that holds one. */
export const ARCHIVED = 'archived';

const stageName = z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'a stage is named by lower-case letters, digits, _ and -');

/** What a move into a stage takes. Roles are the least ones, on the model's project. */
const rules = {
  gates: z.array(GateSchema).max(20),
  approvals: z.int().min(0).max(5),
  ask: z.enum(['editor', 'approver', 'admin']),
  approverRole: z.enum(['approver', 'admin']),
  /** Whether who asked, or answers for the training, may be one of the approvers. */
  askerMayApprove: z.boolean(),
  /** An approval counts for so long; absent: until the version or the flow changes. */
  approvalHours: z.int().min(1).max(8760).optional(),
};
export interface MoveRules {
  readonly gates: readonly Gate[];
  readonly approvals: number;
  readonly ask: 'editor' | 'approver' | 'admin';
  readonly approverRole: 'approver' | 'admin';
  readonly askerMayApprove: boolean;
  readonly approvalHours?: number;
}

/** One stage: how many versions it holds, where a version may come from, and what the way in takes. */
export const StageSchema = z.strictObject({
  name: stageName,
  holds: z.enum(['one', 'many']),
  from: z.array(z.string()),
  ...rules,
  gates: rules.gates.default([]),
  approvals: rules.approvals.default(0),
  ask: rules.ask.default('editor'),
  approverRole: rules.approverRole.default('approver'),
  askerMayApprove: rules.askerMayApprove.default(false),
  /** Ways in that have rules of their own; what one does not name is as the stage says. */
  moves: z
    .array(
      z
        .strictObject({ from: z.array(z.string()).min(1), ...rules })
        .partial()
        .required({ from: true }),
    )
    .default([]),
});
export type Stage = z.infer<typeof StageSchema>;

/** Stages of a model. `none` is where every version begins and needs no entry. A version that a `one` stage replaces goes to `archived`. */
export const StageFlowSchema = z
  .strictObject({
    stages: z.array(StageSchema).min(1).max(20),
    /** Tells flows apart that the platform itself gives: `mlflow` is that of models made through MLflow's API. */
    name: z.string().max(64).optional(),
    /** Aliases that may only point at a version in the stage of that name (or in any guarded one). Absent: the names of the guarded stages. */
    protectedAliases: z.array(z.string()).optional(),
  })
  .superRefine(({ stages }, context) => {
    const problem = (message: string, ...path: (string | number)[]) => context.addIssue({ code: 'custom', message, path });
    const names = stages.map(({ name }) => name);
    const known = new Set([...names, NO_STAGE]);
    stages.forEach((stage, i) => {
      if (names.indexOf(stage.name) !== i) problem(`two stages are named ${stage.name}`, 'stages', i, 'name');
      for (const from of stage.from)
        if (!known.has(from)) problem(`there is no stage ${from}; there are ${[...known].join(', ')}`, 'stages', i, 'from');
      stage.moves.forEach((move, m) => {
        const odd = move.from.find((from) => !stage.from.includes(from));
        if (odd) problem(`no version comes to ${stage.name} from ${odd}`, 'stages', i, 'moves', m, 'from');
      });
      const all = [...stage.gates, ...stage.moves.flatMap(({ gates = [] }) => gates)];
      if (stage.holds === 'many' && all.some(isChampionGate))
        problem(`${stage.name} holds many versions, so it has no champion to compare with`, 'stages', i, 'gates');
      if (stage.holds === 'one' && !names.includes(ARCHIVED))
        problem(`a stage that holds one version needs a stage ${ARCHIVED}, where the one before goes`, 'stages', i, 'holds');
    });
  });
export type StageFlow = z.infer<typeof StageFlowSchema>;

/** none -> staging -> production -> archived; production holds one version and takes one approval. */
export function defaultStageFlow(productionGates: readonly Gate[]): StageFlow {
  return StageFlowSchema.parse({
    stages: [
      { name: 'staging', holds: 'many', from: [NO_STAGE] },
      { name: 'production', holds: 'one', from: [NO_STAGE, 'staging', ARCHIVED], gates: [...productionGates], approvals: 1 },
      { name: ARCHIVED, holds: 'many', from: [NO_STAGE, 'staging', 'production'] },
    ],
  });
}
