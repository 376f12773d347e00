export const STREAMS = ['stdout', 'stderr'] as const;
export type Stream = (typeof STREAMS)[number];

/** A line that a run printed. */
export interface LogLine {
  /** The writer's own count of its lines, from 0: a line that is sent twice is there once. */
  readonly n: number;
  readonly text: string;
  readonly stream: Stream;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Longer lines are cut. */
export const MAX_LINE = 8000;
