import { z } from 'zod';

const webhook = { webhookId: z.string(), name: z.string() };
const trigger = { triggerId: z.string(), name: z.string(), project: z.string() };
/** `eventId`: the event, `schedule/<time>` or `incoming/<webhook-id>`. */
const fired = { triggerId: z.string(), executionId: z.string(), eventId: z.string() };

export const AUTOMATION_EVENTS = {
  'trigger.created': z.strictObject(trigger),
  'trigger.updated': z.strictObject(trigger),
  'trigger.paused': z.strictObject(trigger),
  'trigger.resumed': z.strictObject(trigger),
  'trigger.deleted': z.strictObject(trigger),
  'trigger.secret_rotated': z.strictObject(trigger),
  'trigger.taken_over': z.strictObject({ ...trigger, ownerId: z.string() }),
  /** `subject`: `<kind>/<id>` of what the event was about; absent in older events. */
  'trigger.fired': z.strictObject({ ...fired, subject: z.string().optional() }),
  /** Several that came together for one reason are one event: the last of them, and how many there were. */
  'trigger.skipped': z.strictObject({ ...fired, reason: z.string(), count: z.int().optional() }),
  'trigger.replayed': z.strictObject({ ...fired, replayOf: z.string() }),
  /** It started something that goes on. */
  'trigger.acted': z.strictObject({ ...fired, outcome: z.record(z.string(), z.string()) }),
  'trigger.failed': z.strictObject({ ...fired, reason: z.string() }),
  'trigger.completed': z.strictObject({ ...fired, outcome: z.record(z.string(), z.string()) }),
  'webhook.created': z.strictObject(webhook),
  'webhook.updated': z.strictObject(webhook),
  'webhook.deleted': z.strictObject(webhook),
  'webhook.secret_rotated': z.strictObject(webhook),
  /** An example was sent. */
  'webhook.tested': z.strictObject({ webhookId: z.string() }),
  /** A delivery of an event to a subscriber that was dead is tried anew. */
  'delivery.replayed': z.strictObject({ subscriber: z.string(), eventId: z.string() }),
  /** A delivery that had failed is tried anew. */
  'webhook.redelivered': z.strictObject({ ...webhook, deliveryId: z.string() }),
  /** So many deliveries are sent again. */
  'webhook.replayed': z.strictObject({ ...webhook, replayId: z.string(), count: z.int() }),
  /** The platform gave its receiver up; a person who turns it off updates it. */
  'webhook.disabled': z.strictObject({ ...webhook, reason: z.string() }),
} as const;
