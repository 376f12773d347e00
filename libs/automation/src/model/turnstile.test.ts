import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Concurrency, Controls } from './trigger.js';
import { MAX_WAITING, Turnstile } from './turnstile.js';

const controls = (more: Partial<Controls> = {}): Controls => ({
  concurrency: 'queue',
  cooldownSeconds: 0,
  dedupe: null,
  maxHops: 8,
  ...more,
});
const fresh = { active: null, lastFiredAt: null, waiting: [] };
const at = (seconds: number) => new Date(seconds * 1000);
const offer = (executionId: string, more = {}) => ({ executionId, hops: 0, ...more });

describe('the turnstile', () => {
  test('newest: one goes, the newest waits, and each in between names the one that took its place', () => {
    const turnstile = new Turnstile(controls({ concurrency: 'newest' }), fresh);
    expect(['a', 'b', 'c', 'd'].map((id) => turnstile.offer(offer(id), at(1)).state)).toEqual([
      'FIRED',
      'WAITING',
      'WAITING',
      'WAITING',
    ]);
    expect([...turnstile.superseded]).toEqual([
      ['b', 'c'],
      ['c', 'd'],
    ]);
    turnstile.end();
    expect(turnstile.release(at(2))).toBe('d');
  });

  test('queue: in order, up to the limit', () => {
    const waiting = Array.from({ length: MAX_WAITING }, (_, n) => `w${n}`);
    const turnstile = new Turnstile(controls(), { active: 'x', lastFiredAt: at(0), waiting });
    expect(turnstile.offer(offer('late'), at(1))).toEqual({ state: 'SKIPPED', reason: 'full: 1000 executions wait already' });
    turnstile.end();
    expect([turnstile.release(at(2)), turnstile.release(at(2))]).toEqual(['w0', undefined]);
  });

  test('cooldown: not before it is over, unless a person asks', () => {
    const turnstile = new Turnstile(controls({ concurrency: 'skip', cooldownSeconds: 10 }), { ...fresh, lastFiredAt: at(0) });
    expect(turnstile.offer(offer('a'), at(9))).toEqual({ state: 'SKIPPED', reason: 'cooldown: until 1970-01-01T00:00:10.000Z' });
    expect(turnstile.offer(offer('b', { asked: true }), at(9)).state).toBe('FIRED');
    turnstile.end();
    expect(turnstile.offer(offer('c'), at(19)).state).toBe('FIRED');
  });

  test('loops end at the limit, duplicates name what they repeat', () => {
    const turnstile = new Turnstile(controls({ maxHops: 3 }), fresh);
    expect(turnstile.offer(offer('a', { hops: 3 }), at(0))).toMatchObject({
      state: 'SKIPPED',
      reason: expect.stringMatching(/^loop: /),
    });
    expect(turnstile.offer(offer('b', { hops: 2, duplicateOf: 'x' }), at(0))).toEqual({
      state: 'SKIPPED',
      reason: 'duplicate: of x',
    });
    expect(turnstile.offer(offer('c', { hops: 3, asked: true }), at(0)).state).toBe('FIRED');
  });

  test('whatever comes: at most one at a time, never sooner than the cooldown, and nobody is lost', () => {
    const step = fc.oneof(fc.constant('offer' as const), fc.constant('end' as const), fc.constant('release' as const));
    const run = fc.tuple(step, fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(
        fc.constantFrom<Concurrency>('newest', 'queue', 'skip'),
        fc.integer({ min: 0, max: 6 }),
        fc.array(run),
        (concurrency, cooldownSeconds, steps) => {
          const turnstile = new Turnstile(controls({ concurrency, cooldownSeconds }), fresh);
          const fired: number[] = [];
          const fate = new Map<string, string>();
          let [now, active, count] = [0, false, 0];
          const went = (before: number) => {
            if (turnstile.released.size === before) return;
            expect(active).toBe(false);
            active = true;
            fired.push(now);
          };
          for (const [what, seconds] of steps) {
            now += seconds;
            const before = turnstile.released.size;
            if (what === 'end') {
              turnstile.end();
              active = false;
            } else if (what === 'release') turnstile.release(at(now));
            else {
              const id = `e${count++}`;
              fate.set(id, turnstile.offer(offer(id), at(now)).state);
            }
            went(before);
          }
          for (const [index, time] of fired.entries())
            if (index > 0) expect(time - fired[index - 1]!).toBeGreaterThanOrEqual(cooldownSeconds);
          const waiting = [...fate].filter(
            ([id, state]) => state === 'WAITING' && !turnstile.released.has(id) && !turnstile.superseded.has(id),
          );
          const skipped = [...fate.values()].filter((state) => state === 'SKIPPED').length;
          expect(waiting.length + skipped + turnstile.released.size + turnstile.superseded.size).toBe(fate.size);
          if (concurrency === 'newest') expect(waiting.length).toBeLessThanOrEqual(1);
          if (concurrency === 'skip') expect(waiting).toEqual([]);
        },
      ),
    );
  });
});
