import { z } from 'zod';
import { EVENT_NAMES, eventType, MAX_HOPS, type EventName } from '#contracts';
import { DomainError } from '#kernel';
import { checkFieldNames, checkFields, checkIncomingFields } from './check-fields.js';
import { isMetricTest, parseCondition, testsOf, type Condition, type Scalar } from './condition.js';
import { checkSchedule, type Schedule } from './schedule.js';

export type EventFilter = { readonly kind: 'event'; readonly event: EventName; readonly where?: Condition };
export type ScheduleFilter = { readonly kind: 'schedule' } & Schedule;
export type IncomingFilter = { readonly kind: 'incoming'; readonly where?: Condition };
/** What a trigger listens to. */
export type TriggerFilter = EventFilter | ScheduleFilter | IncomingFilter;

/** The form of before: fields of the payload that equal what is given. */
export interface EqualsFilter {
  readonly event: EventName;
  readonly equals?: Readonly<Record<string, Scalar>>;
}
/** As rows hold it: those of before are read as they are. */
export type StoredFilter = TriggerFilter | EqualsFilter;

export const CONCURRENCIES = ['newest', 'queue', 'skip'] as const;
/** While one execution goes on: the newest one waits and replaces what waited; all wait in order; or none does. */
export type Concurrency = (typeof CONCURRENCIES)[number];

/** Causes that agree in these fields of their data are one, for so long. */
export interface Dedupe {
  readonly windowSeconds: number;
  readonly key: readonly string[];
}

/** How a trigger is held back. */
export interface Controls {
  readonly concurrency: Concurrency;
  readonly cooldownSeconds: number;
  readonly dedupe: Dedupe | null;
  readonly maxHops: number;
}

const event = z.enum(EVENT_NAMES as [EventName, ...EventName[]]);
const EqualsSchema = z.strictObject({
  event,
  equals: z.record(z.string().min(1).max(64), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
});
const FilterSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('event'), event, where: z.unknown().optional() }),
  z.strictObject({
    kind: z.literal('schedule'),
    cron: z.string().max(200),
    timeZone: z.string().max(64).default('UTC'),
    catchUp: z.enum(['once', 'none']).default('once'),
  }),
  z.strictObject({ kind: z.literal('incoming'), where: z.unknown().optional() }),
]);

const ControlsSchema = z.strictObject({
  concurrency: z.enum(CONCURRENCIES).default('queue'),
  cooldownSeconds: z.int().min(0).max(31_536_000).default(0),
  dedupe: z
    .strictObject({
      windowSeconds: z.int().min(1).max(31_536_000),
      key: z
        .array(z.string().regex(/^data\.\S{1,250}$/, 'must be data.<field>'))
        .min(1)
        .max(10),
    })
    .nullable()
    .default(null),
  maxHops: z.int().min(1).max(MAX_HOPS).default(MAX_HOPS),
});

/** What a trigger listens to, from outside. Throws BAD_INPUT that names the part, and the fields that there are. */
export function parseFilter(input: unknown): TriggerFilter {
  const isOld = typeof input === 'object' && input !== null && !('kind' in input);
  if (isOld) return checkedEvent(readFilter(parsed(EqualsSchema.safeParse(input), 'filter')) as EventFilter);
  const filter = parsed(FilterSchema.safeParse(input), 'filter');
  if (filter.kind === 'schedule') {
    checkSchedule(filter, 'filter');
    return filter;
  }
  const where =
    filter.where === undefined || filter.where === null ? {} : { where: parseCondition(filter.where, 'filter.where') };
  if (filter.kind === 'event') return checkedEvent({ kind: 'event', event: filter.event, ...where });
  checkIncomingFields(where.where, 'filter.where');
  return { kind: 'incoming', ...where };
}

export function parseControls(input: unknown, filter: TriggerFilter): Controls {
  const controls = parsed(ControlsSchema.safeParse(input), '');
  if (controls.dedupe && filter.kind === 'schedule')
    throw new DomainError('BAD_INPUT', 'dedupe: a schedule has no data to tell its times apart by', 'dedupe');
  if (controls.dedupe && filter.kind === 'event') checkFieldNames(controls.dedupe.key, filter.event, 'dedupe.key');
  return controls;
}

/** The filter of a row, whichever form it has. */
export function readFilter(stored: StoredFilter): TriggerFilter {
  if ('kind' in stored) return stored;
  const tests = Object.entries(stored.equals ?? {}).map(([field, value]) => ({
    field: `data.${field}`,
    op: 'eq' as const,
    value,
  }));
  const where = tests.length > 1 ? { and: tests } : tests[0];
  return { kind: 'event', event: stored.event, ...(where ? { where } : {}) };
}

/** Metrics that its condition asks of `run.metrics_logged`. */
export function watchedMetrics(stored: StoredFilter): string[] {
  const filter = readFilter(stored);
  return filter.kind === 'event' ? testsOf(filter.where).flatMap((test) => (isMetricTest(test) ? [test.metric] : [])) : [];
}

/** Type of the log that a trigger waits for; null when it waits for none. */
export function eventTypeOf(filter: TriggerFilter): string | null {
  return filter.kind === 'event' ? eventType(filter.event) : null;
}

function checkedEvent(filter: EventFilter): EventFilter {
  checkFields(filter.where, filter.event, 'filter.where');
  return filter;
}

interface Failure {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/** The value that was parsed. Throws BAD_INPUT for the first thing that is wrong. */
export function parsed<T>(result: { success: true; data: T } | { success: false; error: Failure }, field: string): T {
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = [...(field ? [field] : []), ...issue.path].map(String).join('.');
  throw new DomainError('BAD_INPUT', `${path}: ${issue.message}`, path);
}
