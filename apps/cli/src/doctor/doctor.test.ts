import { expect, it } from 'vitest';
import { checkNode } from './machine.js';
import { sumOf } from './platform.js';
import { jobChecks, triggerChecks } from './work.js';

const NOW = Date.parse('2026-01-02T12:00:00Z');

it('reads a metric over its labels', () => {
  const text =
    '# HELP tailrace_queue_depth Jobs\ntailrace_queue_depth{subscriber="a b"} 2 1700000000\ntailrace_queue_depth{subscriber="c"} 3\ntailrace_queue_depth_x 9\n';
  expect(sumOf(text, 'tailrace_queue_depth')).toBe(5);
  expect(sumOf(text, 'tailrace_dead_jobs')).toBeUndefined();
});

it('knows which Node.js is too old', () => {
  expect(checkNode('v24.1.0').level).toBe('ok');
  expect(checkNode('v20.19.0').level).toBe('fail');
});

it('finds leases that ended and were not taken back', () => {
  const job = (leaseExpiresAt: string) => ({
    id: 'job_1',
    attempt: 2,
    epoch: 3,
    leaseExpiresAt,
    run: { id: 'run_1' },
    attempts: [{ number: 2, runner: 'r', state: 'RUNNING', startedAt: '2026-01-02T09:00:00Z' }],
  });
  expect(jobChecks([job('2026-01-02T12:00:30Z')], NOW)).toMatchObject([{ level: 'ok' }]);
  expect(jobChecks([job('2026-01-02T11:30:00Z')], NOW)).toMatchObject([
    { level: 'fail', detail: 'the lease of job_1, attempt 2 on r, ended 30 min 0 s ago and was not taken back' },
  ]);
});

it('names triggers that were skipped or failed in the last day', () => {
  const trigger = (state: string, at: string, reason = 'because') => ({
    name: 'retrain',
    executions: { edges: [{ node: { state, reason, at } }] },
  });
  expect(triggerChecks([trigger('SKIPPED', '2026-01-02T11:00:00Z', 'superseded: by exe_2')], NOW)).toMatchObject([
    { level: 'ok' },
  ]);
  expect(
    triggerChecks([trigger('COMPLETED', '2026-01-02T11:00:00Z'), trigger('FAILED', '2025-12-02T11:00:00Z')], NOW),
  ).toMatchObject([{ level: 'ok' }]);
  expect(
    triggerChecks([trigger('FAILED', '2026-01-02T11:00:00Z'), trigger('SKIPPED', '2026-01-02T11:00:00Z')], NOW),
  ).toMatchObject([
    { level: 'fail', detail: 'retrain was failed: because' },
    { level: 'warn', detail: 'retrain was skipped: because' },
  ]);
});
