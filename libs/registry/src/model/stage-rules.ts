import type { GateResult, Stage, StageFlow } from '#contracts';
import { DomainError } from '#kernel';

export type RequestState = 'EVALUATING' | 'BLOCKED' | 'AWAITING_APPROVAL' | 'DONE' | 'REJECTED' | 'STALE';

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
    throw new DomainError('CONFLICT', `a version may come to ${to} from ${stage.from.join(', ')}, not from ${from}`, 'stage');
  return stage;
}

/** What becomes of a request when its gates have been looked at: a gate that cannot be evaluated blocks like one that failed. */
export function afterGates(results: readonly GateResult[], stage: Stage): RequestState {
  if (results.some((result) => result.outcome !== 'passed')) return 'BLOCKED';
  return stage.approvals > 0 ? 'AWAITING_APPROVAL' : 'DONE';
}
