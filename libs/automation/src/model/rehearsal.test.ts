import { expect, test } from 'vitest';
import { Rehearsal } from './rehearsal.js';

const at = (seconds: number) => new Date(seconds * 1000);

test('past causes go through at their own times', () => {
  const rehearsal = new Rehearsal({ concurrency: 'newest', cooldownSeconds: 10, dedupe: null, maxHops: 8 });
  for (const [eventId, seconds] of [
    ['a', 0],
    ['b', 1],
    ['c', 2],
    ['d', 30],
  ] as const)
    rehearsal.offer({ eventId, hops: 0, key: null }, at(seconds));
  expect([...rehearsal.outcomes().values()]).toEqual([
    { eventId: 'a', state: 'FIRED', reason: null, firesAt: at(0) },
    { eventId: 'b', state: 'SKIPPED', reason: 'superseded: by c', firesAt: null },
    { eventId: 'c', state: 'FIRED', reason: null, firesAt: at(10) },
    { eventId: 'd', state: 'FIRED', reason: null, firesAt: at(30) },
  ]);
});

test('what is cooling down at the end still waits; keys count within their window', () => {
  const rehearsal = new Rehearsal({
    concurrency: 'queue',
    cooldownSeconds: 60,
    dedupe: { windowSeconds: 10, key: ['data.x'] },
    maxHops: 2,
  });
  const offers = [
    ['a', 0, 'k', 0],
    ['b', 5, 'k', 0],
    ['c', 20, 'k', 0],
    ['d', 30, 'other', 2],
  ] as const;
  for (const [eventId, seconds, key, hops] of offers) rehearsal.offer({ eventId, hops, key }, at(seconds));
  expect([...rehearsal.outcomes().values()].map(({ state, reason }) => [state, reason?.split(':')[0]])).toEqual([
    ['FIRED', undefined],
    ['SKIPPED', 'duplicate'],
    ['WAITING', undefined],
    ['SKIPPED', 'loop'],
  ]);
});
