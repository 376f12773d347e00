import { z } from 'zod';
import { EVENT_NAMES, type EventName, type LoggedEvent } from '#contracts';

/** Which events a trigger reacts to: the type, and fields of the payload that must equal what is given. */
export const TriggerFilterSchema = z.strictObject({
  event: z.enum(EVENT_NAMES as [EventName, ...EventName[]]),
  equals: z.record(z.string().min(1).max(64), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
});
export type TriggerFilter = z.infer<typeof TriggerFilterSchema>;

export const TriggerActionSchema = z.discriminatedUnion('kind', [
  /** Trains a template on the event's data set version, or on the newest valid one for events that name none. */
  z.strictObject({ kind: z.literal('start_training'), templateId: z.string() }),
  /** Asks for a stage for the event's model version. */
  z.strictObject({ kind: z.literal('request_stage'), stage: z.string() }),
]);
export type TriggerAction = z.infer<typeof TriggerActionSchema>;

export function matches(filter: TriggerFilter, event: LoggedEvent): boolean {
  if (event.name !== filter.event) return false;
  const data = event.data as Record<string, unknown>;
  return Object.entries(filter.equals).every(([field, value]) => Object.hasOwn(data, field) && data[field] === value);
}
