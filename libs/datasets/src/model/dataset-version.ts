import type { TransitionTable } from '#kernel';

/**
 * PENDING: uploaded, not looked at yet. VALIDATED: profiled, typed, and fit to train on. INVALID: refused, with the reason. RETRACTED: was valid, and somebody
 * has withdrawn it for a reason; its content stays, since models rest on it.
 */
export type DatasetVersionState = 'PENDING' | 'VALIDATED' | 'INVALID' | 'RETRACTED';

export const DATASET_VERSION_STATES: TransitionTable<DatasetVersionState> = {
  PENDING: ['VALIDATED', 'INVALID'],
  VALIDATED: ['RETRACTED'],
  INVALID: [],
  RETRACTED: [],
};

export const FORMATS = ['CSV', 'PARQUET'] as const;
export type DatasetFormat = (typeof FORMATS)[number];
