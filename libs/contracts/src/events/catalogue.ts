import type { z } from 'zod';
import { ACCESS_EVENTS } from './access.events.js';
import { AUDIT_EVENTS } from './audit.events.js';
import { AUTOMATION_EVENTS } from './automation.events.js';
import { DATASET_EVENTS } from './dataset.events.js';
import { DEPLOYMENT_EVENTS } from './deployment.events.js';
import { LINEAGE_EVENTS } from './lineage.events.js';
import { MODEL_EVENTS } from './model.events.js';
import { RUN_EVENTS } from './run.events.js';
import { TRAINING_EVENTS } from './training.events.js';

/** Every event that Tailrace can say, by short name, with the schema of its data. */
export const EVENTS = {
  ...ACCESS_EVENTS,
  ...AUDIT_EVENTS,
  ...DATASET_EVENTS,
  ...RUN_EVENTS,
  ...TRAINING_EVENTS,
  ...MODEL_EVENTS,
  ...DEPLOYMENT_EVENTS,
  ...AUTOMATION_EVENTS,
  ...LINEAGE_EVENTS,
} as const;

export type EventName = keyof typeof EVENTS;
export type EventData<N extends EventName> = z.infer<(typeof EVENTS)[N]>;

export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];

/** CloudEvents `type` of an event: `io.tailrace.<noun>.<past tense>.v1`. */
export function eventType(name: EventName): string {
  return `io.tailrace.${name}.v1`;
}

/** Short name of a CloudEvents type (or of a short name); undefined when it is not in the catalogue. */
export function eventName(type: string): EventName | undefined {
  const short = /^io\.tailrace\.(.+)\.v1$/.exec(type)?.[1] ?? type;
  return Object.hasOwn(EVENTS, short) ? (short as EventName) : undefined;
}

/** A chain of events that cause each other stops here. */
export const MAX_HOPS = 8;

/** One row of the event log; `sequence` is null until the relay has numbered it. */
export interface LoggedEvent<N extends EventName = EventName> {
  readonly id: string;
  readonly name: N;
  readonly workspaceId: string;
  /** `<kind>/<id>` of what changed. */
  readonly subject: string;
  readonly data: EventData<N>;
  readonly time: Date;
  readonly sequence: string | null;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly hops: number;
  readonly authId: string;
}

/** Whether the data of an event are what its schema says: only then do those who read it have to know what to do with it. */
export function isWellFormed({ name, data }: Pick<LoggedEvent, 'name' | 'data'>): boolean {
  return EVENTS[name].safeParse(data).success;
}
