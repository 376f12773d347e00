import { describe, expect, it } from 'vitest';
import { stretchesOf } from './stretches.js';

const SINCE = new Date('2026-01-01T00:00:00Z');
const phases = (...states: (string | undefined)[]) =>
  states.map((state, index) => ({
    sequence: String(index + 1),
    at: new Date(SINCE.getTime() + index * 1000).toISOString(),
    state,
  }));
const shown = (...states: (string | undefined)[]) =>
  stretchesOf(phases(...states), SINCE).map(({ start, end }) => [
    start.getSeconds(),
    end?.at.getSeconds() ?? null,
    end?.state ?? null,
  ]);

describe('stretches of a run', () => {
  it.each([
    ['that goes on', ['RUNNING'], [[0, null, null]]],
    ['that has ended', ['RUNNING', 'FINISHED'], [[0, 1, 'COMPLETE']]],
    [
      'that went on',
      ['RUNNING', 'FAILED', 'RUNNING', 'KILLED'],
      [
        [0, 1, 'FAIL'],
        [2, 3, 'ABORT'],
      ],
    ],
    ['whose end was put right', ['RUNNING', 'FINISHED', 'FAILED'], [[0, 2, 'FAIL']]],
    ['that was queued in between', ['RUNNING', 'RUNNING', 'FINISHED'], [[0, 2, 'COMPLETE']]],
    ['that was deleted and is gone', ['RUNNING', 'FINISHED', undefined, 'PURGED'], [[0, 1, 'COMPLETE']]],
    ['whose start the log has forgotten', ['FINISHED'], [[0, 0, 'COMPLETE']]],
    ['of which nothing is known', [], []],
  ])('%s', (_name, states, expected) => {
    expect(shown(...states)).toEqual(expected);
  });
});
