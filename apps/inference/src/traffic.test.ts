import { expect, test } from 'vitest';
import type { DesiredRevision } from '#contracts';
import { fault } from './faults.js';
import { Traffic } from './traffic.js';

const REVISION = {
  revisionId: 'rev_1',
  signature: {
    inputs: [],
    outputs: [
      { name: 'label', datatype: 'BYTES', shape: [-1, 1] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
    ],
    classes: ['a', 'b'],
  },
} as unknown as DesiredRevision;
const answer = (...labels: string[]) => ({
  decoded: { rows: labels.length, feeds: {} },
  tensors: { label: { datatype: 'BYTES' as const, shape: [labels.length, 1], data: labels } },
});

test('counts requests, rows, classes and times, and tells whose fault a failure was', async () => {
  const traffic = new Traffic();
  await traffic.count(REVISION, async () => answer('a', 'b', 'a'));
  await traffic.count(REVISION, async () => answer('b'));
  const refused = traffic.count(REVISION, async () => Promise.reject(fault('BAD_REQUEST', 'no such input')));
  await expect(refused).rejects.toThrow('no such input');
  await expect(traffic.count(REVISION, async () => Promise.reject(fault('OVERLOADED', 'busy')))).rejects.toThrow('busy');
  await expect(traffic.count(REVISION, async () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  const [report] = traffic.report();
  expect(report).toMatchObject({ revisionId: 'rev_1', requests: 5, rows: 4, refused: 1, errors: 2, classes: { a: 2, b: 2 } });
  expect(report!.latency.reduce((sum, count) => sum + count, 0)).toBe(2);
  expect(traffic.generation).toBe(5);
});
