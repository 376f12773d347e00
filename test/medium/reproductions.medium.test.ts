import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { ArtifactsService, ExperimentsService, RunsService } from '#tracking';
import { AttemptsService, JobsService, ReproductionsService, TemplatesService, TrainingView } from '#training';
import { blob, digest, name, queuedJob } from './builders.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let editor: Ctx;
let system: Ctx;
beforeAll(async () => {
  stack = await startStack([], { TAILRACE_MAX_ATTEMPTS: '1' });
  editor = await stack.member('editor');
  system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
});
afterAll(() => stack.close());

const reproductions = () => stack.app.get(ReproductionsService);
const found = async (runId: string) => (await stack.app.get(TrainingView).reproductionsByRuns(editor, [runId]))[0]!;
const environment = { node: 'v24.0.0', platform: 'linux-x64', cpu: 'a CPU' };

/** The next job is taken, trains as told, and is measured. */
async function trains(losses: readonly number[], { backend = 'wasm', weights = 'w', cpu = environment.cpu } = {}): Promise<void> {
  const claim = (await stack.app.get(JobsService).claimNext(system, 'a'))!;
  const attempts = stack.app.get(AttemptsService);
  const ctx = await attempts.authenticate(claim.token);
  const points = losses.map((value, step) => ({ key: 'loss', value, step, timestamp: step }));
  await attempts.logMetrics(ctx, points);
  const artifacts = { 'model/weights.bin': await blob(stack, editor, weights) };
  const ran = { code: 'tailrace@1', engine: 'tfjs 4', backend, environment: { ...environment, cpu } };
  await attempts.finish(ctx, { outcome: 'succeeded', artifacts, ...ran });
  const { runId } = (await stack.app.get(TrainingView).jobsByIds(editor, [claim.jobId]))[0]!;
  const report = { path: 'evaluation.json', sha256: digest(runId), size: 1 };
  await stack.app.get(ArtifactsService).recordMeasured(system, runId, { test_accuracy: losses.at(-1)! }, report, new Date(1));
}

async function trained(losses: readonly number[]): Promise<{ id: string; runId: string; templateId: string; versionId: string }> {
  const job = await queuedJob(stack, editor);
  await trains(losses);
  return job;
}

describe('doing a run anew', () => {
  test('trains the same version by the spec that the run used, from the beginning, whatever became of the template', async () => {
    const original = await trained([2, 1]);
    await stack.app
      .get(TemplatesService)
      .update(editor, original.templateId, { task: 'classification', label: 'label', training: { seed: 99 } });
    const { id, runId } = await reproductions().start(editor, { runId: original.runId });
    const [before, after] = await stack.app.get(TrainingView).jobsByIds(editor, [original.id, id]);
    const same = ['spec', 'datasetVersionId', 'tableBlob', 'templateId', 'templateRevision', 'project'] as const;
    for (const key of same) expect(after![key]).toEqual(before![key]);
    expect(after).toMatchObject({ registerAs: null, checkpointBlob: null, state: 'QUEUED', runId });
    expect(
      await stack.rows("select data->>'reproduces' as reproduces from event_log where type = $1 and data->>'jobId' = $2", [
        'io.tailrace.training_job.queued.v1',
        id,
      ]),
    ).toEqual([{ reproduces: original.runId }]);
    expect(await found(runId)).toMatchObject({ verdict: 'PENDING', strict: false, report: null });
    await trains([2, 1]);
  });

  test('the attempt is told what trained the original', async () => {
    const original = await trained([2, 1]);
    await reproductions().start(editor, { runId: original.runId, strict: true });
    const claim = (await stack.app.get(JobsService).claimNext(system, 'a'))!;
    const attempts = stack.app.get(AttemptsService);
    expect(await attempts.claim(await attempts.authenticate(claim.token))).toMatchObject({
      checkpoint: null,
      reproduces: { strict: true, ran: { code: 'tailrace@1', engine: 'tfjs 4', backend: 'wasm', environment } },
    });
    await stack.app.get(JobsService).attemptLost(system, claim.jobId, 1, { reason: 'done with it', retry: false });
  });

  test('is refused for a run that a client logged, that failed, that still trains, or is not there', async () => {
    const start = (runId: string) => reproductions().start(editor, { runId });
    const experiment = await stack.app.get(ExperimentsService).ensure(editor, { name: name('by hand') });
    const logged = await stack.app.get(RunsService).create(editor, { experimentId: experiment.id, name: 'logged' });
    await expect(start(logged.id)).rejects.toMatchObject({
      code: 'NOT_REPRODUCIBLE',
      field: 'runId',
      message: expect.stringContaining('no training job holds the data, spec and seed'),
    });
    const failed = await queuedJob(stack, editor);
    await expect(start(failed.runId)).rejects.toMatchObject({ code: 'NOT_READY' });
    await stack.app.get(JobsService).cancel(editor, failed.id);
    await expect(start(failed.runId)).rejects.toMatchObject({ code: 'NOT_REPRODUCIBLE', message: /ended as CANCELED/ });
    await expect(start('run_00000000000000000000000000000000')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { runId } = await trained([1]);
    await expect(reproductions().start(await stack.member('viewer'), { runId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(
      reproductions().start(editor, { runId, tolerance: { metrics: [{ key: 'f1', absolute: 1 }] } }),
    ).rejects.toMatchObject({ code: 'BAD_INPUT', message: /it has loss, test_accuracy/ });
  });
});

describe('the verdict', () => {
  test('is said once, with its event, and stays what it is', async () => {
    const original = await trained([2, 1]);
    const { id, runId } = await reproductions().start(editor, { runId: original.runId });
    await trains([2, 1]);
    await reproductions().judge(system, runId);
    await reproductions().judge(system, runId);
    expect(await found(runId)).toMatchObject({ verdict: 'AGREES', report: { weightsEqual: true, differences: [] } });
    expect(
      await stack.rows("select data from event_log where type = 'io.tailrace.run.reproduced.v1' and data->>'runId' = $1", [
        runId,
      ]),
    ).toEqual([
      {
        data: { runId, jobId: id, originalRunId: original.runId, verdict: 'AGREES', weightsEqual: true, differs: [] },
      },
    ]);
  });

  test('heeds the tolerance, and names another back end and machine', async () => {
    const original = await trained([2, 1]);
    const near = await reproductions().start(editor, {
      runId: original.runId,
      tolerance: { absolute: 0.01, metrics: [{ key: 'loss', absolute: 0.2 }] },
    });
    await trains([2.1, 1.005], { backend: 'cpu', weights: 'v', cpu: 'another CPU' });
    await reproductions().judge(system, near.runId);
    const { verdict, report } = await found(near.runId);
    expect(verdict).toBe('AGREES');
    expect(report).toMatchObject({
      weightsEqual: false,
      differences: [
        { part: 'BACKEND', original: 'wasm', reproduced: 'cpu' },
        { part: 'ENVIRONMENT', key: 'cpu', original: 'a CPU', reproduced: 'another CPU' },
      ],
    });
    const exact = await reproductions().start(editor, { runId: original.runId });
    await trains([2.1, 1.005]);
    await reproductions().judge(system, exact.runId);
    expect((await found(exact.runId)).verdict).toBe('DISAGREES');
  });

  test('says that nothing can be compared when the training failed, with its reason', async () => {
    const original = await trained([1]);
    const { id, runId } = await reproductions().start(editor, { runId: original.runId });
    await stack.app.get(JobsService).claimNext(system, 'a');
    await stack.app.get(JobsService).attemptLost(system, id, 1, { reason: 'out of memory', retry: false });
    await reproductions().judge(system, runId);
    expect(await found(runId)).toMatchObject({
      verdict: 'NOT_COMPARABLE',
      reason: 'the training ended as FAILED: out of memory',
    });
  });

  test('says so when what it made could not be measured, and stays with that', async () => {
    const original = await trained([1]);
    const { runId } = await reproductions().start(editor, { runId: original.runId });
    await trains([1]);
    await reproductions().judge(system, runId, 'the platform could not measure it: out of memory');
    await reproductions().judge(system, runId);
    const reason = 'the platform could not measure it: out of memory';
    expect(await found(runId)).toMatchObject({ verdict: 'NOT_COMPARABLE', reason, report: null });
  });

  test('is not said of other runs', async () => {
    const { runId } = await trained([1]);
    await reproductions().judge(system, runId);
    expect(await stack.rows('select 1 from training_reproduction where run_id = $1', [runId])).toEqual([]);
  });
});
