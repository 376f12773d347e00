import { mlflowHeaders, type Outcome } from '../model/delivery.js';
import type { GuardedClient } from './guarded-client.js';

/** What is sent, and where to. */
export interface Parcel {
  readonly id: string;
  readonly url: string;
  readonly secret: string | null;
  readonly payload: string;
}

const MAX_ERROR = 500;

/** One try to deliver; never throws. */
export async function sendWebhook(client: GuardedClient, parcel: Parcel, stop?: AbortSignal): Promise<Outcome> {
  const { id, url, secret, payload } = parcel;
  try {
    const headers = mlflowHeaders(id, payload, secret, Date.now());
    const { status, body } = await client.post(url, headers, Buffer.from(payload), stop);
    return { status, body, error: status >= 200 && status < 300 ? null : `the receiver answered ${status}` };
  } catch (error) {
    return { status: null, body: null, error: reasonOf(error).slice(0, MAX_ERROR) };
  }
}

/** Node's error for several addresses that all failed has no text of its own. */
function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}
