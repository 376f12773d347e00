import type { TransitionTable } from '#kernel';

export type LoggedModelStatus = 'PENDING' | 'READY' | 'UPLOAD_FAILED';

export const LOGGED_MODEL_STATES: TransitionTable<LoggedModelStatus> = {
  PENDING: ['READY', 'UPLOAD_FAILED'],
  READY: [],
  UPLOAD_FAILED: ['READY'],
};
