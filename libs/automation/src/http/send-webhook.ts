import { CLOUD_EVENT_TYPE } from '../model/cloud-event.js';
import { askedWait, mlflowHeaders, type Outcome } from '../model/delivery.js';
import { signedHeaders } from '../model/standard-webhooks.js';
import type { WebhookForm } from '../model/webhook.js';
import type { GuardedClient } from './guarded-client.js';

/** What is sent, and where to. */
export interface Parcel {
  readonly form: WebhookForm;
  /** By which the receiver knows one that it had already: the same in every try. */
  readonly id: string;
  readonly url: string;
  /** Keys that sign it, the newest first. */
  readonly secrets: readonly string[];
  /** What the receiver knows the webhook by; null: nothing. */
  readonly bearer: string | null;
  readonly payload: string;
}

const MAX_ERROR = 500;

/** One try to deliver; never throws. */
export async function sendWebhook(client: GuardedClient, parcel: Parcel, stop?: AbortSignal): Promise<Outcome> {
  const begun = performance.now();
  const took = () => Math.round(performance.now() - begun);
  try {
    const { status, body, retryAfter } = await client.post(parcel.url, headersOf(parcel), Buffer.from(parcel.payload), stop);
    const error = status >= 200 && status < 300 ? null : `the receiver answered ${status}`;
    return { status, body, error, ms: took(), retryAfter: askedWait(status, retryAfter, Date.now()) };
  } catch (error) {
    return { status: null, body: null, error: reasonOf(error).slice(0, MAX_ERROR), ms: took() };
  }
}

function headersOf({ form, id, secrets, bearer, payload }: Parcel): Record<string, string> {
  if (form === 'mlflow') return mlflowHeaders(id, payload, secrets[0] ?? null, Date.now());
  return {
    'Content-Type': form === 'openlineage' ? 'application/json' : CLOUD_EVENT_TYPE,
    ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }),
    ...signedHeaders(id, Buffer.from(payload), secrets, Date.now()),
  };
}

/** Node's error for several addresses that all failed has no text of its own. */
function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}
