import type { TransitionTable } from '#kernel';

/** Life of a training job. RUNNING holds a lease; a lost or failed attempt goes back to QUEUED while attempts are left. */
export type JobState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';

export const JOB_STATES: TransitionTable<JobState> = {
  QUEUED: ['RUNNING', 'CANCELED'],
  RUNNING: ['SUCCEEDED', 'FAILED', 'CANCELED', 'QUEUED'],
  SUCCEEDED: [],
  FAILED: [],
  CANCELED: [],
};

export interface Failure {
  readonly reason: string;
  /** False for a bug or bad input: another attempt would meet it again. */
  readonly retry: boolean;
  /** The platform stopped the attempt for reasons of its own (an orderly end): that uses up no attempt. */
  readonly interrupted?: boolean;
}

/** What becomes of a RUNNING job whose attempt failed or was lost: a rule list, read from top to bottom. */
export function afterFailure(
  job: { attempt: number; maxAttempts: number; cancelRequested: boolean },
  failure: Failure,
): JobState {
  if (job.cancelRequested) return 'CANCELED';
  if (failure.interrupted) return 'QUEUED';
  if (!failure.retry) return 'FAILED';
  if (job.attempt >= job.maxAttempts) return 'FAILED';
  return 'QUEUED';
}
