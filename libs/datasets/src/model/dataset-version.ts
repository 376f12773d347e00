import type { TransitionTable } from '#kernel';

/** PENDING: uploaded, not looked at yet. VALIDATED: profiled, typed, and fit to train on. INVALID: refused, with the reason. */
export type DatasetVersionState = 'PENDING' | 'VALIDATED' | 'INVALID';

export const DATASET_VERSION_STATES: TransitionTable<DatasetVersionState> = {
  PENDING: ['VALIDATED', 'INVALID'],
  VALIDATED: [],
  INVALID: [],
};

export const FORMATS = ['CSV', 'PARQUET'] as const;
export type DatasetFormat = (typeof FORMATS)[number];
