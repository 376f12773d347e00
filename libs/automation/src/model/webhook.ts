import { DomainError } from '#kernel';
import { isMlflowEvent, type MlflowEvent } from './mlflow-events.js';

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

/** The events asked for, each once. Throws BAD_INPUT for none, and for one that there is not. */
export function checkedEvents(events: readonly string[]): MlflowEvent[] {
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
