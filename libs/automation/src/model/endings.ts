import type { EventData, EventName, LoggedEvent } from '#contracts';

interface Ending {
  readonly startedId: string;
  readonly ok: boolean;
  readonly reason?: string;
}
type Rule<N extends EventName> = (data: EventData<N>) => Ending;

/** Events by which something ends that an action has started. */
const RULES: { readonly [N in EventName]?: Rule<N> } = {
  'training_job.succeeded': ({ jobId }) => ({ startedId: jobId, ok: true }),
  'training_job.failed': ({ jobId, reason }) => ({ startedId: jobId, ok: false, reason: `the training job failed: ${reason}` }),
  'training_job.canceled': ({ jobId }) => ({ startedId: jobId, ok: false, reason: 'the training job was canceled' }),
  'model_version.evaluated': ({ evaluationId }) => ({ startedId: evaluationId, ok: true }),
  'model_version.evaluation_failed': ({ evaluationId, reason }) => ({
    startedId: evaluationId,
    ok: false,
    reason: `the evaluation failed: ${reason}`,
  }),
};

export const ENDINGS = Object.keys(RULES) as EventName[];

export function endOf(event: LoggedEvent): Ending | undefined {
  const rule = RULES[event.name] as ((data: unknown) => Ending) | undefined;
  return rule?.(event.data);
}
