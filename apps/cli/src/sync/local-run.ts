import { Failure } from '../exit-codes.js';
import type { DatasetInput, Metric } from '../mlflow/messages.js';

/** What a run is, as its folder says now. */
export interface RunHead {
  readonly id: string;
  readonly name?: string;
  readonly experiment: string;
  readonly user?: string;
  readonly startTime?: number;
  /** Id of another run of the same kind. */
  readonly parent?: string;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly datasets: readonly DatasetInput[];
  readonly deleted: boolean;
  /** Lines that say nothing that can be read, and why. */
  readonly faults: readonly { readonly where: string; readonly reason: string }[];
}

export interface RunEnd {
  readonly status: string;
  readonly endTime?: number;
}

/** A file of points that only grows. Its lines are read by `parse`, which throws for what is no point. */
export interface PointFile {
  readonly path: string;
  parse(line: string): Metric;
}

/** A run's folder, in whatever format. */
export interface LocalRun {
  readonly dir: string;
  /** Throws Failure for a folder that is no whole run, or not yet. */
  head(): Promise<RunHead>;
  /** Undefined while it goes on. */
  end(): Promise<RunEnd | undefined>;
  points(): Promise<readonly PointFile[]>;
  /** File with what it printed. */
  readonly log?: string;
  readonly artifacts: string;
}

const ID = /^[\w.:@/ -]{1,200}$/;
export const STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];

/** Throws Failure for an id that could not be looked for again. */
export function checkedId(id: unknown, where: string): string {
  if (typeof id === 'string' && ID.test(id)) return id;
  throw new Failure(`${where}: "id" must be up to 200 letters, digits and _ . : @ / -, not ${JSON.stringify(id) ?? 'absent'}`);
}

/** A metric's value as JSON can have it. Throws. */
export function metricValue(value: unknown): number | string {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^([+-]?(nan|inf|infinity)|[+-]?[\d.]+(e[+-]?\d+)?)$/i.test(value)) return value;
  throw new Error(`a value must be a number, or "NaN", "Infinity" or "-Infinity", not ${JSON.stringify(value)}`);
}
