import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkedEvents, checkWebhookName } from './webhook.js';
import { askedWait, GIVE_UP_SECONDS, mlflowHeaders, waitAfter } from './delivery.js';

test('waits grow, differ, and end within the time of a delivery', () => {
  const middle = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => Math.round(waitAfter(failures, 0.5)));
  expect(middle).toEqual([1, 5, 30, 120, 600, 3600, 21_600, 21_600]);
  expect(waitAfter(3, 0)).toBeCloseTo(24);
  expect(waitAfter(3, 0.999_999)).toBeCloseTo(36);
  let tries = 1;
  for (let at = 0; at < GIVE_UP_SECONDS; tries++) at += waitAfter(tries, 0.5);
  expect(tries).toBeGreaterThan(12);
});

test('the signature is of id, time and the bytes of the payload', () => {
  const payload = '{"name":"é"}';
  const headers = mlflowHeaders('whd_1', payload, 'sécret', 1_700_000_000_999);
  const expected = createHmac('sha256', Buffer.from('sécret'))
    .update(Buffer.from(`whd_1.1700000000.${payload}`))
    .digest('base64');
  expect(headers).toEqual({
    'Content-Type': 'application/json',
    'X-MLflow-Delivery-Id': 'whd_1',
    'X-MLflow-Timestamp': '1700000000',
    'X-MLflow-Signature': `v1,${expected}`,
  });
  expect(mlflowHeaders('whd_1', payload, null, 0)).not.toHaveProperty('X-MLflow-Signature');
});

test.each(['a', 'A1', 'my.hook_one-2', 'x'.repeat(63)])('%s is a name', (name) => {
  expect(() => checkWebhookName(name)).not.toThrow();
});

test.each(['', '-a', 'a-', '.a', 'a b', 'é', 'a\n', 'x'.repeat(64)])('"%s" is none', (name) => {
  expect(() => checkWebhookName(name)).toThrow('is invalid');
});

test('events are asked for by names that there are, each once', () => {
  expect(checkedEvents('mlflow', ['prompt.created', 'prompt.created'])).toEqual(['prompt.created']);
  expect(() => checkedEvents('mlflow', [])).toThrow('non-empty');
  expect(() => checkedEvents('mlflow', ['run.created'])).toThrow('run.created');
});

test('a receiver asks for a wait by seconds or by a date, and for six hours at most', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(askedWait(429, '90', now)).toBe(90);
  expect(askedWait(503, 'Thu, 01 Jan 2026 00:10:00 GMT', now)).toBe(600);
  expect(askedWait(503, 'Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
  expect(askedWait(429, '999999999', now)).toBe(21_600);
  expect([askedWait(500, '90', now), askedWait(429, undefined, now), askedWait(429, 'soon', now)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
