import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { AttemptsService, JobsService, TrainingView } from '#training';
import { blob, queuedJob } from './builders.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let editor: Ctx;
const system = createCtx('', { kind: 'system', name: 'test' });
beforeAll(async () => {
  stack = await startStack([], { TAILRACE_LEASE_SECONDS: '1', TAILRACE_LEASE_GRACE_SECONDS: '0', TAILRACE_MAX_ATTEMPTS: '3' });
  editor = await stack.member('editor');
});
afterAll(() => stack.close());

const jobs = () => stack.app.get(JobsService);
const attempts = () => stack.app.get(AttemptsService);
const stateOf = async (id: string) => (await stack.app.get(TrainingView).jobsByIds(editor, [id]))[0]!;

describe('claiming', () => {
  test('two runners that claim at the same moment: exactly one gets each job, in 500 rounds', async () => {
    const { id } = await queuedJob(stack, editor);
    for (let round = 0; round < 500; round++) {
      await stack.owner.query("update training_job set state = 'QUEUED', attempt = 0 where id = $1", [id]);
      await stack.owner.query('delete from training_attempt where job_id = $1', [id]);
      const claims = await Promise.all([jobs().claimNext(system, 'a'), jobs().claimNext(system, 'b')]);
      expect(claims.filter(Boolean)).toHaveLength(1);
    }
    await jobs().attemptLost(system, id, 1, { reason: 'done with it', retry: false });
  }, 60_000);

  test('nothing is claimed when nothing is queued', async () => {
    expect(await jobs().claimNext(system, 'a')).toBeUndefined();
  });
});

describe('the fence', () => {
  test('an attempt that lost its lease changes nothing; the new one wins', async () => {
    const { id } = await queuedJob(stack, editor);
    const first = (await jobs().claimNext(system, 'a'))!;
    const old = await attempts().authenticate(first.token);
    await attempts().logMetrics(old, [{ key: 'loss', value: 1, step: 1, timestamp: 1 }]);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(await jobs().reapExpired(system)).toBe(1);
    const second = (await jobs().claimNext(system, 'b'))!;
    expect(second).toMatchObject({ jobId: id, attempt: 2 });
    for (const call of [
      () => attempts().heartbeat(old, {}),
      () => attempts().logMetrics(old, [{ key: 'loss', value: 9, step: 2, timestamp: 2 }]),
      () => attempts().describe(old, { late: 'x' }, {}),
      () => attempts().finish(old, { outcome: 'succeeded', artifacts: {}, code: 'c', engine: 'e', backend: 'b' }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'STALE_ATTEMPT' });
    expect(
      await stack.rows(
        'select value from metric_point p join run r on r.num = p.run join training_job j on j.run_id = r.id where j.id = $1',
        [id],
      ),
    ).toEqual([{ value: 1 }]);
    const current = await attempts().authenticate(second.token);
    await attempts().finish(current, {
      outcome: 'succeeded',
      artifacts: { 'model/x.bin': await blob(stack, editor) },
      code: 'c',
      engine: 'e',
      backend: 'b',
    });
    expect((await stateOf(id)).state).toBe('SUCCEEDED');
  });

  test('a finish whose answer was lost is accepted again and changes nothing; one event', async () => {
    const { id } = await queuedJob(stack, editor);
    const claim = (await jobs().claimNext(system, 'a'))!;
    const ctx = await attempts().authenticate(claim.token);
    const finish = { outcome: 'succeeded', artifacts: {}, code: 'c', engine: 'e', backend: 'b' } as const;
    await attempts().finish(ctx, finish);
    await attempts().finish(ctx, finish);
    expect(
      await stack.rows(
        "select count(*)::int as n from event_log where type like '%training_job.succeeded%' and data->>'jobId' = $1",
        [id],
      ),
    ).toEqual([{ n: 1 }]);
  });

  test("an attempt's token is good for its own run only, and no person's token does what an attempt does", async () => {
    await expect(attempts().authenticate('tra_unknown')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(attempts().heartbeat(editor, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('what becomes of a job', () => {
  test('a lost attempt is tried again until the attempts are used up; then the job and its run have failed, with the reason', async () => {
    const { id, runId } = await queuedJob(stack, editor);
    for (let attempt = 1; attempt <= 3; attempt++) {
      const claim = (await jobs().claimNext(system, 'a'))!;
      expect(claim).toMatchObject({ jobId: id, attempt });
      await jobs().attemptLost(system, id, attempt, { reason: `crash ${attempt}`, retry: true });
    }
    expect(await stateOf(id)).toMatchObject({ state: 'FAILED', reason: 'crash 3', attempt: 3 });
    expect(await stack.rows('select status from run where id = $1', [runId])).toEqual([{ status: 'FAILED' }]);
    expect(await jobs().claimNext(system, 'a')).toBeUndefined();
  });

  test('an orderly end of the runner uses up no attempt', async () => {
    const { id } = await queuedJob(stack, editor);
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(await jobs().claimNext(system, 'a')).toMatchObject({ jobId: id, attempt });
      await jobs().attemptLost(system, id, attempt, { reason: 'the runner was stopped', retry: true, interrupted: true });
      expect((await stateOf(id)).state).toBe('QUEUED');
    }
    await jobs().cancel(editor, id);
  });

  test('bad input fails at once', async () => {
    const { id } = await queuedJob(stack, editor);
    const claim = (await jobs().claimNext(system, 'a'))!;
    await attempts().finish(await attempts().authenticate(claim.token), {
      outcome: 'failed',
      code: 'BAD_DATA',
      reason: 'one class only',
      retry: false,
    });
    expect(await stateOf(id)).toMatchObject({ state: 'FAILED', reason: 'BAD_DATA: one class only', attempt: 1 });
  });

  test('a queued job is canceled at once, a running one at its next heartbeat', async () => {
    const queued = await queuedJob(stack, editor);
    await jobs().cancel(editor, queued.id);
    expect((await stateOf(queued.id)).state).toBe('CANCELED');
    const running = await queuedJob(stack, editor);
    const claim = (await jobs().claimNext(system, 'a'))!;
    const ctx = await attempts().authenticate(claim.token);
    expect(await attempts().heartbeat(ctx, {})).toEqual({ cancel: false });
    await jobs().cancel(editor, running.id);
    expect(await attempts().heartbeat(ctx, {})).toEqual({ cancel: true });
    await attempts().finish(ctx, { outcome: 'canceled' });
    expect((await stateOf(running.id)).state).toBe('CANCELED');
  });

  test('a checkpoint is what the next attempt goes on from; an older epoch does not replace it', async () => {
    await queuedJob(stack, editor);
    const first = (await jobs().claimNext(system, 'a'))!;
    const ctx = await attempts().authenticate(first.token);
    const [ten, five] = [await blob(stack, editor), await blob(stack, editor)];
    await attempts().checkpoint(ctx, ten, 10);
    await attempts().checkpoint(ctx, five, 5);
    await expect(attempts().checkpoint(ctx, 'f'.repeat(64), 20)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    await jobs().attemptLost(system, first.jobId, 1, { reason: 'crash', retry: true });
    const second = (await jobs().claimNext(system, 'a'))!;
    expect((await attempts().claim(await attempts().authenticate(second.token))).checkpoint).toEqual({ sha256: ten, epoch: 10 });
  });

  test('a viewer starts nothing', async () => {
    const { templateId } = await queuedJob(stack, editor);
    await expect(jobs().start(await stack.member('viewer'), { templateId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
