import { DomainError } from '#kernel';
import { checkedTypes } from './event-patterns.js';
import { isMlflowEvent } from './mlflow-events.js';

/** How deliveries look: as MLflow's, or as CloudEvents signed as Standard Webhooks. */
export type WebhookForm = 'mlflow' | 'cloudevents';

/** How long events of a subject wait behind an earlier one, in seconds. */
export const ORDER_WINDOW = { usual: 60, most: 86_400 } as const;

/** How long the secret before signs too, in hours. */
export const GRACE_HOURS = { usual: 24, most: 168 } as const;

const MAX_SECRET = 1000;
const MAX_DESCRIPTION = 5000;

const bad = (message: string, field: string): DomainError => new DomainError('BAD_INPUT', message, field);

/** Throws BAD_INPUT for a name that MLflow does not take for a webhook. */
export function checkWebhookName(name: string): void {
  if (/^(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(name)) return;
  throw bad(
    `Webhook name '${name.slice(0, 100)}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, ` +
      'and contain only letters, digits, dots (.), underscores (_), and hyphens (-).',
    'name',
  );
}

/** The events asked for, each once. Throws BAD_INPUT for none, and for one that there is not in this form. */
export function checkedEvents(form: WebhookForm, events: readonly string[]): string[] {
  if (form !== 'mlflow') return checkedTypes(events);
  if (events.length === 0) throw bad('Webhook events must be a non-empty list of WebhookEvent objects: [].', 'events');
  return [...new Set(events)].map((event) => {
    if (!isMlflowEvent(event)) throw bad(`there is no webhook event ${event}`, 'events');
    return event;
  });
}

/** Throws BAD_INPUT for texts that are too long. */
export function checkWebhookTexts({ description, secret }: { description?: string | null; secret?: string | null }): void {
  if ((description?.length ?? 0) > MAX_DESCRIPTION)
    throw bad(`description has at most ${MAX_DESCRIPTION} characters`, 'description');
  if ((secret?.length ?? 0) > MAX_SECRET) throw bad(`secret has at most ${MAX_SECRET} characters`, 'secret');
}

/** What a webhook in our form may have beside events. */
export interface WebhookNarrowing {
  readonly subject?: string | null;
  readonly project?: string | null;
  readonly orderWindowSeconds?: number;
}

/** Throws BAD_INPUT for a subject that is none, for a time out of bounds, and for any of it where the form is MLflow's. */
export function checkNarrowing(form: WebhookForm, { subject, project, orderWindowSeconds }: WebhookNarrowing): void {
  const given = [subject, project, orderWindowSeconds].some((value) => value !== undefined && value !== null);
  if (form === 'mlflow' && given)
    throw bad('subject, project and orderWindowSeconds are for webhooks of the form CLOUDEVENTS', 'form');
  if (subject && !/^[a-z_]{1,40}\/[^\s]{1,200}$/.test(subject))
    throw bad('subject must be <kind>/<id>, as model/mdl_…', 'subject');
  if (orderWindowSeconds !== undefined && !(orderWindowSeconds >= 0 && orderWindowSeconds <= ORDER_WINDOW.most))
    throw bad(`orderWindowSeconds must be between 0 and ${ORDER_WINDOW.most}`, 'orderWindowSeconds');
}
