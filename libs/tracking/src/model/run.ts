import type { TransitionTable } from '#kernel';

/** Status of a run, in MLflow's words. */
export type RunStatus = 'SCHEDULED' | 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

/** A client says how its run stands and may correct itself or go on: every status leads to every other, and each change is an event. */
export const RUN_STATES: TransitionTable<RunStatus> = {
  SCHEDULED: ['RUNNING', 'FINISHED', 'FAILED', 'KILLED'],
  RUNNING: ['SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'],
  FINISHED: ['SCHEDULED', 'RUNNING', 'FAILED', 'KILLED'],
  FAILED: ['SCHEDULED', 'RUNNING', 'FINISHED', 'KILLED'],
  KILLED: ['SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED'],
};

const ENDED: ReadonlySet<RunStatus> = new Set(['FINISHED', 'FAILED', 'KILLED']);
export const hasEnded = (status: RunStatus): boolean => ENDED.has(status);

/** Who measured a value. The platform's own figures never mix with what a client or an attempt has logged under the same key. */
export const SOURCES = { client: 0, attempt: 1, platform: 2 } as const;
export type Source = keyof typeof SOURCES;

export const SOURCE_NAMES = Object.keys(SOURCES) as Source[];

export interface Point {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Logged model that the value measures, and the data set that it was measured on. */
  readonly modelId?: string;
  readonly datasetName?: string;
  readonly datasetDigest?: string;
}
