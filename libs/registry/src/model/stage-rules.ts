import { NO_STAGE, StageFlowSchema, type GateResult, type MoveRules, type Stage, type StageFlow } from '#contracts';
import { DomainError } from '#kernel';

/**
 * EVALUATING -> BLOCKED | AWAITING_APPROVAL | RECHECKING | DONE; AWAITING_APPROVAL -> REJECTED | RECHECKING | DONE; RECHECKING (the gates that look at the
 * champion are evaluated against the one of now) -> BLOCKED | DONE, or AWAITING_APPROVAL where an approver has left meanwhile. STALE: version or flow have changed, or it was settled otherwise.
 */
export type RequestState = 'EVALUATING' | 'BLOCKED' | 'AWAITING_APPROVAL' | 'RECHECKING' | 'DONE' | 'REJECTED' | 'STALE';

/** A request that is not settled yet. */
export const OPEN_STATES = ['EVALUATING', 'AWAITING_APPROVAL', 'RECHECKING'] as const satisfies readonly RequestState[];

/** A way into a stage, and what it takes. */
export interface Move extends MoveRules {
  readonly from: string;
  readonly to: string;
  readonly holds: Stage['holds'];
}

/** Throws BAD_INPUT for a stage that the flow does not have, CONFLICT for a move that it does not allow. */
export function moveFor(flow: StageFlow, from: string, to: string): Move {
  const stage = flow.stages.find((candidate) => candidate.name === to);
  if (!stage)
    throw new DomainError(
      'BAD_INPUT',
      `the model has no stage ${to}; it has ${flow.stages.map((s) => s.name).join(', ')}`,
      'stage',
    );
  if (from === to) throw new DomainError('CONFLICT', `the version stands in ${to} already`, 'stage');
  if (!stage.from.includes(from))
    throw new DomainError('CONFLICT', `a version may come to ${to} from ${stage.from.join(', ')}, not from ${from}`, 'stage', {
      reason: 'NO_SUCH_MOVE',
    });
  return moveInto(stage, from);
}

function moveInto(stage: Stage, from: string): Move {
  const { name, holds, moves } = stage;
  const own = moves.find((move) => move.from.includes(from)) ?? {};
  const said = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const { gates, approvals, ask, approverRole, askerMayApprove, approvalHours } = { ...stage, ...said };
  return { from, to: name, holds, gates, approvals, ask, approverRole, askerMayApprove, approvalHours };
}

/** Whether a version comes through only by a request: there are gates, approvals, or a right to ask that not every editor has. */
export function isGuarded({ gates, approvals, ask }: MoveRules): boolean {
  return gates.length > 0 || approvals > 0 || ask !== 'editor';
}

/** What becomes of a request when its gates have been looked at: a gate that cannot be evaluated blocks like one that failed. */
export function afterGates(results: readonly GateResult[], move: MoveRules): 'BLOCKED' | 'AWAITING_APPROVAL' | 'DONE' {
  if (results.some((result) => result.outcome !== 'passed')) return 'BLOCKED';
  return move.approvals > 0 ? 'AWAITING_APPROVAL' : 'DONE';
}

/** A flow of the workspace by one of these names takes the place of the one that the platform gives. */
export const DEFAULT_FLOW = 'default';
export const MLFLOW_FLOW = 'mlflow';

/** MLflow's own stages: any move, no gates, no approvals, any number of versions in each. */
export function mlflowStageFlow(): StageFlow {
  const names = [NO_STAGE, 'staging', 'production', 'archived'];
  const stages = names.map((name) => ({ name, holds: 'many', from: names.filter((other) => other !== name) }));
  return StageFlowSchema.parse({ name: MLFLOW_FLOW, stages });
}

/** Names of the stages that a version only comes to by a request, by one way in at least. */
export function guardedStages(flow: StageFlow): string[] {
  const guarded = (stage: Stage) => stage.from.some((from) => isGuarded(moveInto(stage, from)));
  return flow.stages.filter(guarded).map((stage) => stage.name);
}

/** Stages in one of which a version must stand to carry the alias; undefined for an alias that is free. */
export function stagesOfAlias(flow: StageFlow, alias: string): string[] | undefined {
  const guarded = guardedStages(flow);
  const name = alias.toLowerCase();
  if (!(flow.protectedAliases ?? guarded).some((each) => each.toLowerCase() === name)) return undefined;
  return flow.stages.some((stage) => stage.name === name) ? [name] : guarded;
}

/** A flow from outside. Throws BAD_INPUT naming the place and what is wrong there; `field` is that of the input. */
export function checkedFlow(flow: unknown, field: string): StageFlow {
  const parsed = StageFlowSchema.safeParse(flow);
  if (parsed.success) {
    const lost = unreachable(parsed.data);
    if (lost)
      throw new DomainError(
        'BAD_INPUT',
        `${field}: no way leads from ${NO_STAGE} to ${lost}; say in its from where versions come from`,
        field,
      );
    return parsed.data;
  }
  const issue = parsed.error.issues[0]!;
  throw new DomainError('BAD_INPUT', `${[field, ...issue.path].join('.')}: ${issue.message}`, field);
}

/** A stage to which no version can come. */
function unreachable({ stages }: StageFlow): string | undefined {
  const reached = new Set([NO_STAGE]);
  for (let before = 0; before !== reached.size;) {
    before = reached.size;
    for (const { name, from } of stages) if (from.some((each) => reached.has(each))) reached.add(name);
  }
  return stages.find(({ name }) => !reached.has(name))?.name;
}

/** Throws CONFLICT naming a stage of standing versions that the flow does not have, or in which more stand than it holds. */
export function checkStanding(flow: StageFlow, standing: ReadonlyMap<string, number>): void {
  for (const [name, count] of standing) {
    const stage = flow.stages.find((each) => each.name === name);
    if (!stage && name !== NO_STAGE)
      throw new DomainError(
        'CONFLICT',
        `${count} version(s) stand in ${name}, which the new flow does not have; move them first`,
        'flow',
      );
    if (stage?.holds === 'one' && count > 1)
      throw new DomainError(
        'CONFLICT',
        `${count} versions stand in ${name}, which would hold one; move the others first`,
        'flow',
      );
  }
}
