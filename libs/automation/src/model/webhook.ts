import { DomainError } from '#kernel';
import { checkedTypes } from './event-patterns.js';
import { isMlflowEvent } from './mlflow-events.js';
import { checkLineageTypes } from '../openlineage/lineage-event.js';

/** How deliveries look: as MLflow's, or as CloudEvents or events of OpenLineage, signed as Standard Webhooks. */
export type WebhookForm = 'mlflow' | 'cloudevents' | 'openlineage';

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
  if (form !== 'mlflow') {
    const types = checkedTypes(events);
    if (form === 'openlineage') checkLineageTypes(types);
    return types;
  }
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

/**
 * The bearer token of a patch, null for one that is taken away. Throws BAD_INPUT for one that a header cannot hold (RFC 6750, section 2.1), and where the form
 * does not send it.
 */
export function checkedBearer(form: WebhookForm, bearer: string | null | undefined): string | null | undefined {
  if (bearer === undefined || bearer === null) return bearer;
  if (form !== 'openlineage') throw bad('bearerToken is for webhooks of the form OPENLINEAGE', 'bearerToken');
  if (bearer === '') return null;
  if (bearer.length > MAX_SECRET || !/^[\w.~+/-]+=*$/.test(bearer))
    throw bad(`bearerToken must be 1 to ${MAX_SECRET} letters, digits or -._~+/, then perhaps =`, 'bearerToken');
  return bearer;
}

/**
 * Throws BAD_INPUT for another receiver of a token that was meant for the one before: who changes the address, and may not read the token, would be told it.
 */
export function checkMove(
  before: { readonly url: string; readonly bears: boolean },
  url: URL | undefined,
  bearer: unknown,
): void {
  if (!url || !before.bears || bearer !== undefined || url.origin === new URL(before.url).origin) return;
  throw bad('the address has another origin: give bearerToken anew, or an empty one to take it away', 'bearerToken');
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
    throw bad('subject, project and orderWindowSeconds are for webhooks of the forms CLOUDEVENTS and OPENLINEAGE', 'form');
  if (subject && !/^[a-z_]{1,40}\/[^\s]{1,200}$/.test(subject))
    throw bad('subject must be <kind>/<id>, as model/mdl_…', 'subject');
  if (orderWindowSeconds !== undefined && !(orderWindowSeconds >= 0 && orderWindowSeconds <= ORDER_WINDOW.most))
    throw bad(`orderWindowSeconds must be between 0 and ${ORDER_WINDOW.most}`, 'orderWindowSeconds');
}
