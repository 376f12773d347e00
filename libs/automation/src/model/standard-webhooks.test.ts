import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newSigningSecret } from '#kernel';
import { signedHeaders, verifySigned } from './standard-webhooks.js';

const NOW = new Date('2026-01-01T00:00:00Z');
const secret = newSigningSecret();
const body = Buffer.from('{"test": 2432232314}');
const headersOf = (signed: Record<string, string>) => ({
  id: signed['webhook-id'],
  timestamp: signed['webhook-timestamp'],
  signature: signed['webhook-signature'],
});
const signed = (seconds = 0, by: readonly string[] = [secret], bytes = body) =>
  headersOf(signedHeaders('msg_1', bytes, by, NOW.getTime() + seconds * 1000));

describe('Standard Webhooks', () => {
  test('the example of the specification', () => {
    const known = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: '1614265330' };
    const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
    const at = new Date(Number(known.timestamp) * 1000);
    expect(verifySigned({ ...known, signature }, body, [key], at)).toBe(known.id);
    expect(signedHeaders(known.id, body, [key], at.getTime())['webhook-signature']).toBe(signature);
  });

  test('a secret is 32 random bytes in base64', () => {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSigningSecret()).not.toBe(secret);
  });

  test('either of two secrets will do, on both sides', () => {
    const old = newSigningSecret();
    expect(verifySigned(signed(0, [old]), body, [secret, old], NOW)).toBe('msg_1');
    expect(verifySigned(signed(0, [secret, old]), body, [old], NOW)).toBe('msg_1');
  });

  test.each([
    ['another body', () => verifySigned(signed(), Buffer.from('{}'), [secret], NOW), /signature/],
    ['another secret', () => verifySigned(signed(), body, [newSigningSecret()], NOW), /signature/],
    ['no signature', () => verifySigned({ ...signed(), signature: undefined }, body, [secret], NOW), /signature/],
    ['a signature of another kind', () => verifySigned({ ...signed(), signature: 'v1a,AAAA' }, body, [secret], NOW), /signature/],
    ['no secret at all', () => verifySigned(signed(), body, [], NOW), /signature/],
    ['six minutes old', () => verifySigned(signed(-301), body, [secret], NOW), /five minutes/],
    ['six minutes early', () => verifySigned(signed(301), body, [secret], NOW), /five minutes/],
    ['an id with a dot', () => verifySigned({ ...signed(), id: 'msg.1' }, body, [secret], NOW), /webhook-id/],
    ['no id', () => verifySigned({ ...signed(), id: undefined }, body, [secret], NOW), /webhook-id/],
    ['no time', () => verifySigned({ ...signed(), timestamp: 'now' }, body, [secret], NOW), /webhook-timestamp/],
  ])('%s is refused', (_what, verify, message) => {
    expect(verify).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED', message: expect.stringMatching(message) }));
  });

  test('the signature is HMAC-SHA256 of id, time and bytes', () => {
    const { timestamp, signature } = signed();
    const key = Buffer.from(secret.slice(6), 'base64');
    expect(signature).toBe(`v1,${createHmac('sha256', key).update(`msg_1.${timestamp}.${body.toString()}`).digest('base64')}`);
  });
});
