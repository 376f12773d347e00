import { describe, expect, test } from 'vitest';
import { nextTime, wasMissed } from './schedule.js';

/** The next times of a schedule from a moment on. */
function times(cron: string, timeZone: string, from: string, count: number): string[] {
  const found: string[] = [];
  for (let at = new Date(from); found.length < count; found.push(at.toISOString().slice(0, 16)))
    at = nextTime({ cron, timeZone }, at)!;
  return found;
}

describe('R25: when clocks change', () => {
  test('clocks go forward: a time that the day lacks comes once, an hour later', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 3)).toEqual([
      '2026-03-29T01:30',
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ]);
    expect(times('15 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 2)).toEqual(['2026-03-08T07:15', '2026-03-09T06:15']);
  });

  test('clocks go back: a time that the day has twice comes once', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
    expect(times('30 1 * * *', 'America/New_York', '2026-10-31T12:00:00Z', 2)).toEqual(['2026-11-01T05:30', '2026-11-02T06:30']);
  });

  test('what comes every hour, or oftener, goes on through both hours', () => {
    expect(times('0 * * * *', 'Europe/Berlin', '2026-10-24T22:30:00Z', 5)).toEqual([
      '2026-10-24T23:00',
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
      '2026-10-25T03:00',
    ]);
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', 4)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-25T02:00',
    ]);
    expect(times('*/20 * * * *', 'Europe/Berlin', '2026-03-29T00:30:00Z', 3)).toEqual([
      '2026-03-29T00:40',
      '2026-03-29T01:00',
      '2026-03-29T01:20',
    ]);
    expect(times('0 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:00:00Z', 3)).toEqual([
      '2026-04-04T15:30',
      '2026-04-04T16:30',
      '2026-04-04T17:30',
    ]);
  });

  test('asked within the second of two equal hours, no time that is over comes again', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-25T01:10:00Z', 1)).toEqual(['2026-10-26T01:30']);
    expect(times('*/30 2 * * *', 'Europe/Berlin', '2026-10-25T00:30:00Z', 1)).toEqual(['2026-10-26T01:00']);
  });

  test('every time is later than the one before, all over two years', () => {
    for (const cron of ['0 * * * *', '*/15 * * * *', '30 2 * * *', '0 2 * * 0'])
      for (const zone of ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC']) {
        let at = new Date('2026-01-01T00:00:00Z');
        for (let step = 0; step < 100; step++) {
          const next: Date = nextTime(
            { cron, timeZone: zone },
            new Date(at.getTime() + (step % 10 === 0 ? 86_400_000 * 61 : 0)),
          )!;
          expect(next.getTime()).toBeGreaterThan(at.getTime());
          at = next;
        }
      }
  });
});

test('a minute late is late, more is missed', () => {
  const due = new Date('2026-01-01T00:00:00Z');
  expect(wasMissed(due, new Date('2026-01-01T00:01:00Z'))).toBe(false);
  expect(wasMissed(due, new Date('2026-01-01T00:01:01Z'))).toBe(true);
});
