import type { TransitionTable } from '#kernel';

/** Status of a run, in MLflow's words. */
export type RunStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

export const RUN_STATES: TransitionTable<RunStatus> = {
  RUNNING: ['FINISHED', 'FAILED', 'KILLED'],
  FINISHED: ['RUNNING'],
  FAILED: ['RUNNING'],
  KILLED: ['RUNNING'],
};

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
}

/**
 * Artifact path inside a run: relative, `/` between segments. Refused: absolute, `..`, `.`, empty segments, backslash, percent signs,
 * control characters, `#`, `?`, over 500 characters (the canonicaliser of every artifact path).
 */
export function isArtifactPath(path: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (path.length === 0 || path.length > 500 || /[\\%#?\u0000-\u001f\u007f]/.test(path)) return false;
  return path
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..' && !/^[a-zA-Z]:$/.test(segment));
}
