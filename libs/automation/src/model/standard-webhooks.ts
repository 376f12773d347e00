import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '#kernel';

/** A message older or newer than this is refused, so that one that was overheard is of no use later. */
const TOLERANCE_SECONDS = 300;

/** Headers by which the receiver knows who sent these bytes, and when: a signature by each secret (Standard Webhooks 1.0.0). `now` in ms. */
export function signedHeaders(id: string, body: Buffer, secrets: readonly string[], now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((secret) => `v1,${signature(id, timestamp, body, secret).toString('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

export interface SignedHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  /** Signatures, separated by spaces. */
  readonly signature: string | undefined;
}

/**
 * Checks the signature of a message over its very bytes, by any of the secrets, in constant time, and that its time is within five minutes. Answers its
 * `webhook-id`. Throws UNAUTHENTICATED.
 */
export function verifySigned(
  { id, timestamp, signature: signatures }: SignedHeaders,
  body: Buffer,
  secrets: readonly string[],
  now: Date,
): string {
  if (!id || !/^[\w:-]{1,128}$/.test(id)) throw refused('webhook-id must be 1 to 128 letters, digits or _ : -');
  if (!timestamp || !/^\d{1,12}$/.test(timestamp)) throw refused('webhook-timestamp must be a time in seconds');
  const given = (signatures ?? '')
    .split(' ')
    .slice(0, 16)
    .flatMap((text) => (text.startsWith('v1,') ? [Buffer.from(text.slice(3), 'base64')] : []));
  const right = secrets.map((secret) => signature(id, timestamp, body, secret));
  const matches = right.map((expected) => given.some((one) => one.length === expected.length && timingSafeEqual(one, expected)));
  if (!matches.includes(true)) throw refused('the signature is not right');
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS)
    throw refused('webhook-timestamp is more than five minutes from now');
  return id;
}

function signature(id: string, timestamp: string, body: Buffer, secret: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

function refused(message: string): DomainError {
  return new DomainError('UNAUTHENTICATED', message);
}
