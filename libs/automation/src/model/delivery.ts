import { createHmac } from 'node:crypto';

/** How long a delivery is tried, counted from its making, in seconds. */
export const GIVE_UP_SECONDS = 3 * 24 * 3600;

/** Waits after the first failures in seconds; the last one repeats. */
const WAITS = [1, 5, 30, 120, 600, 3600, 21_600];

/** The longest wait that a receiver may ask for, in seconds. */
const MAX_ASKED = 6 * 3600;

/** Seconds until the next try, a fifth more or less, so that receivers that come back are not met by all at once. `random` is in [0, 1). */
export function waitAfter(failures: number, random = Math.random()): number {
  return WAITS[Math.min(failures, WAITS.length) - 1]! * (0.8 + 0.4 * random);
}

/** What came of one try: the receiver's status, or why there was none. */
export interface Outcome {
  readonly status: number | null;
  /** The beginning of the receiver's answer. */
  readonly body: string | null;
  readonly error: string | null;
  /** How long it took. */
  readonly ms?: number;
  /** How long the receiver asked to be left alone, in seconds. */
  readonly retryAfter?: number;
}

/** What `retry-after` of a 429 or 503 asks for, at most six hours; undefined when it asks for nothing. `now` in ms. */
export function askedWait(status: number, header: string | undefined, now: number): number | undefined {
  if ((status !== 429 && status !== 503) || header === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), MAX_ASKED);
}

export const isDelivered = ({ status }: Outcome): boolean => status !== null && status >= 200 && status < 300;

/** By 410 a receiver says that it is gone for good. */
export const isGone = ({ status }: Outcome): boolean => status === 410;

/** Headers of MLflow's webhooks. The signature is of `id.timestamp.payload`, its key the secret as UTF-8. `now` in ms. */
export function mlflowHeaders(id: string, payload: string, secret: string | null, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const headers = { 'Content-Type': 'application/json', 'X-MLflow-Delivery-Id': id, 'X-MLflow-Timestamp': timestamp };
  if (!secret) return headers;
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${payload}`).digest('base64');
  return { ...headers, 'X-MLflow-Signature': `v1,${signature}` };
}
