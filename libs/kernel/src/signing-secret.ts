import { randomBytes } from 'node:crypto';

/** A secret as Standard Webhooks 1.0 writes it: `whsec_` and 32 random bytes in base64. */
export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
