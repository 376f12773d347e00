import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger } from '#telemetry';
import { RepeatCounter, type Repeated } from './repeat-counter.js';

let counter: RepeatCounter;
let written: [string, number][];
beforeEach(() => {
  vi.useFakeTimers();
  counter = new RepeatCounter(createLogger('silent', 'test'));
  written = [];
});
afterEach(() => vi.useRealTimers());

const item = (key: string, about = 'x'): Repeated => ({
  key,
  about,
  write: async (count, several) => void written.push([several ? `${key}: several` : key, count]),
});
const note = (key: string, about?: string) => counter.note(item(key, about), item('crowd'));

describe('what may come again and again', () => {
  test('the first is written at once, the repeats of its minute as one when that is over, and then it begins anew', async () => {
    for (let i = 0; i < 100; i++) await note('a');
    expect(written).toEqual([['a', 1]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(written).toEqual([
      ['a', 1],
      ['a', 99],
    ]);
    await note('a');
    expect(written.at(-1)).toEqual(['a', 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(written).toHaveLength(3);
  });

  test('the end of the process writes what was counted', async () => {
    for (const key of ['a', 'b', 'a', 'a']) await note(key);
    await counter.beforeApplicationShutdown();
    expect(written).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ]);
  });

  test('repeats that are about several things say so', async () => {
    for (const about of ['one', 'one', 'two']) await note('a', about);
    for (const about of ['one', 'one', 'one']) await note('b', about);
    await counter.beforeApplicationShutdown();
    expect(written).toEqual([
      ['a', 1],
      ['b', 1],
      ['a: several', 2],
      ['b', 2],
    ]);
  });

  test('a flood of different things costs a bounded number of rows: what there is no room for counts together', async () => {
    for (let i = 0; i < 5000; i++) await note(`k${i}`);
    expect(written).toHaveLength(1001);
    await counter.beforeApplicationShutdown();
    expect(written).toHaveLength(1002);
    expect(written.at(-1)).toEqual(['crowd', 3999]);
  });

  test('what could not be written is tried with the next one', async () => {
    let fails = true;
    const broken: Repeated = {
      key: 'x',
      about: 'x',
      write: async (count) => {
        if (fails) throw new Error('no database');
        written.push(['x', count]);
      },
    };
    await counter.note(broken, broken);
    fails = false;
    await counter.note(broken, broken);
    expect(written).toEqual([['x', 1]]);
  });
});
