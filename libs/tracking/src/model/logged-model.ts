import { DomainError, type TransitionTable } from '#kernel';

export type LoggedModelStatus = 'PENDING' | 'READY' | 'UPLOAD_FAILED';

export const LOGGED_MODEL_STATES: TransitionTable<LoggedModelStatus> = {
  PENDING: ['READY', 'UPLOAD_FAILED'],
  READY: ['UPLOAD_FAILED'],
  UPLOAD_FAILED: ['READY'],
};

/** Throws BAD_INPUT for a name that MLflow does not take for a logged model. */
export function checkLoggedModelName(name: string): void {
  if (name !== '' && !/[/:.%"']/.test(name)) return;
  throw new DomainError(
    'BAD_INPUT',
    `Invalid model name ('${name}') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
    'name',
  );
}
