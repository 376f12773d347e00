import type { GateResult, Stage, StageFlow } from '#contracts';
import { DomainError } from '#kernel';

export type RequestState = 'EVALUATING' | 'BLOCKED' | 'AWAITING_APPROVAL' | 'DONE' | 'REJECTED' | 'STALE';

/** Where every version begins. */
export const NO_STAGE = 'none';

/** Throws BAD_INPUT for a stage that the flow does not have, CONFLICT for a move that it does not allow. */
export function stageFor(flow: StageFlow, from: string, to: string): Stage {
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
  return stage;
}

/** What becomes of a request when its gates have been looked at: a gate that cannot be evaluated blocks like one that failed. */
export function afterGates(results: readonly GateResult[], stage: Stage): RequestState {
  if (results.some((result) => result.outcome !== 'passed')) return 'BLOCKED';
  return stage.approvals > 0 ? 'AWAITING_APPROVAL' : 'DONE';
}

/** MLflow's own stages: any move, no gates, no approvals, any number of versions in each. */
export function mlflowStageFlow(): StageFlow {
  const names = [NO_STAGE, 'staging', 'production', 'archived'];
  const stages = names.map((name): Stage => {
    const from = names.filter((other) => other !== name);
    return { name, holds: 'many', from, gates: [], approvals: 0 };
  });
  return { name: 'mlflow', stages };
}

/** Names of the stages that a version only comes to by a request: they have gates or take approvals. */
export function guardedStages(flow: StageFlow): string[] {
  return flow.stages.filter((stage) => stage.gates.length > 0 || stage.approvals > 0).map((stage) => stage.name);
}

/** Stages in one of which a version must stand to carry the alias; undefined for an alias that is free. */
export function stagesOfAlias(flow: StageFlow, alias: string): string[] | undefined {
  const guarded = guardedStages(flow);
  const name = alias.toLowerCase();
  if (!(flow.protectedAliases ?? guarded).some((each) => each.toLowerCase() === name)) return undefined;
  return flow.stages.some((stage) => stage.name === name) ? [name] : guarded;
}
