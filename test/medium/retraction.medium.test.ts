import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { DatasetsService, DatasetsView, DriftService } from '#datasets';
import { DatasetReads } from '#reads/datasets';
import { DecisionsService, EvaluationsService, PromotionService, RegistryView } from '#registry';
import { AttemptsService, JobsService, ReproductionsService, TemplatesService, TrainingView } from '#training';
import { blob, candidate, digest, name, queuedJob, validDataset } from './builders.js';
import { gatesSaid } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let editor: Ctx;
let approver: Ctx;
let system: Ctx;
beforeAll(async () => {
  stack = await startStack();
  editor = await stack.member('editor');
  approver = await stack.member('approver');
  system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
});
afterAll(() => stack.close());

const datasets = () => stack.app.get(DatasetsService);
const jobs = () => stack.app.get(JobsService);
const reason = 'the labels were swapped';
const retract = (versionId: string) => datasets().retract(editor, { versionId, reason });
const versionOf = async (id: string) => (await stack.app.get(DatasetsView).versionsByIds(editor, [id]))[0]!;
const jobOf = async (id: string) => (await stack.app.get(TrainingView).jobsByIds(editor, [id]))[0]!;

async function anotherVersion(datasetId: string, valid = true): Promise<string> {
  const content = await blob(stack, editor);
  const { id } = await datasets().createVersion(editor, { datasetId, blob: content, format: 'CSV' });
  const table = { sha256: digest(id), size: 10 };
  const profile = { rows: 10, duplicateRows: 0, columns: [] };
  const columns = ['x', 'label'].map((column) => ({ name: column, type: 'text' as const, nullable: false }));
  if (valid) await datasets().recordValidation(editor, id, { columns, profile, findings: [], table });
  return id;
}

describe('retracting a version', () => {
  test('is said once, with its reason in the audit; the content and the figures stay', async () => {
    const { datasetId, versionId } = await validDataset(stack, editor);
    const before = await versionOf(versionId);
    await retract(versionId);
    expect(await versionOf(versionId)).toEqual({ ...before, state: 'RETRACTED', reason });
    await expect(retract(versionId)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `version 1 is RETRACTED already: ${reason}; nothing trains on it`,
    });
    const said = await stack.rows(
      `select e.data, a.reason, a.before, a.after from event_log e join audit_log a on a.event_id = e.id where e.type = $1 and e.data->>'versionId' = $2`,
      ['io.tailrace.dataset_version.retracted.v1', versionId],
    );
    const [before_, after] = [{ state: 'VALIDATED' }, { state: 'RETRACTED' }];
    expect(said).toEqual([{ data: { datasetId, versionId, number: 1, reason }, reason, before: before_, after }]);
  });

  test('takes a right, a reason, and a version that is valid', async () => {
    const { datasetId, versionId } = await validDataset(stack, editor);
    await expect(datasets().retract(await stack.member('viewer'), { versionId, reason })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(datasets().retract(editor, { versionId, reason: '  bad  ' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(retract('dsv_00000000000000000000000000000000')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const pending = await anotherVersion(datasetId, false);
    await expect(retract(pending)).rejects.toMatchObject({ code: 'NOT_READY' });
    await datasets().reject(editor, pending, 'not a table');
    await expect(retract(pending)).rejects.toMatchObject({ code: 'CONFLICT', message: /is INVALID already: not a table/ });
    expect((await versionOf(versionId)).state).toBe('VALIDATED');
  });

  test('two at the same moment: one does it', async () => {
    const { versionId } = await validDataset(stack, editor);
    const outcomes = await Promise.allSettled([retract(versionId), retract(versionId)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('afterwards', () => {
  test('the newest version is the newest that stands, and the parent of the next', async () => {
    const { datasetId, versionId } = await validDataset(stack, editor);
    const second = await anotherVersion(datasetId);
    await retract(second);
    const newest = await stack.app.get(DatasetReads).newestValid(stack.workspaceId, datasetId);
    expect(newest?.id).toBe(versionId);
    const third = await versionOf(await anotherVersion(datasetId, false));
    expect(third).toMatchObject({ number: 3, parentId: versionId });
    await expect(stack.app.get(DriftService).request(editor, { versionId, againstId: second })).rejects.toMatchObject({
      code: 'NOT_READY',
      message: /RETRACTED, not VALIDATED/,
    });
  });

  test('the same content does not come back as another version', async () => {
    const { datasetId, versionId } = await validDataset(stack, editor);
    await retract(versionId);
    const content = (await versionOf(versionId)).blob;
    await expect(datasets().createVersion(editor, { datasetId, blob: content, format: 'CSV' })).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'blob',
      message: `this is the content of version 1, which was retracted: ${reason}; upload what is right instead`,
    });
  });

  test('no training begins on it: none that is asked for, none that waited, and none that is done anew', async () => {
    const waiting = await queuedJob(stack, editor);
    await retract(waiting.versionId);
    const other = await queuedJob(stack, editor);
    const { templateId, versionId } = waiting;
    await expect(jobs().start(editor, { templateId, datasetVersionId: versionId })).rejects.toMatchObject({
      code: 'NOT_READY',
      message: `version 1 is RETRACTED (${reason}); only a VALIDATED version can be trained on`,
    });
    await expect(jobs().start(editor, { templateId })).rejects.toMatchObject({
      code: 'NOT_READY',
      message: 'the data set has no valid version yet',
    });
    const claimed = (await jobs().claimNext(system, 'a'))!;
    expect(claimed.jobId).toBe(other.id);
    expect(await jobOf(waiting.id)).toMatchObject({
      state: 'FAILED',
      reason: `nothing was trained: version 1 of the data set is RETRACTED (${reason})`,
    });
    const attempts = stack.app.get(AttemptsService);
    const finish = { outcome: 'succeeded', artifacts: {}, code: 'c', engine: 'e', backend: 'b' } as const;
    await attempts.finish(await attempts.authenticate(claimed.token), finish);
    await retract(other.versionId);
    await expect(stack.app.get(ReproductionsService).start(editor, { runId: other.runId })).rejects.toMatchObject({
      code: 'NOT_READY',
      message: /RETRACTED/,
    });
  });

  test('a training that has begun goes on, also by another attempt', async () => {
    const { id, versionId } = await queuedJob(stack, editor);
    const first = (await jobs().claimNext(system, 'a'))!;
    await retract(versionId);
    const attempts = stack.app.get(AttemptsService);
    expect(await attempts.heartbeat(await attempts.authenticate(first.token), {})).toEqual({ cancel: false });
    await jobs().attemptLost(system, id, 1, { reason: 'crash', retry: true });
    expect(await jobs().claimNext(system, 'a')).toMatchObject({ jobId: id, attempt: 2 });
    await jobs().attemptLost(system, id, 2, { reason: 'done with it', retry: false });
  });

  test('a template can still be made, by the columns of a version that stands', async () => {
    const { datasetId, versionId } = await validDataset(stack, editor);
    await retract(versionId);
    const spec = { task: 'classification', label: 'label' };
    const template = await stack.app.get(TemplatesService).create(editor, { name: name('t'), datasetId, spec });
    await expect(jobs().start(editor, { templateId: template.id })).rejects.toMatchObject({ code: 'NOT_READY' });
  });

  test('a version of a model is neither measured anew nor approved', async () => {
    const versionId = await candidate(stack, editor, name('model'));
    const { id: requestId } = await stack.app.get(PromotionService).request(editor, { versionId, stage: 'production' });
    await gatesSaid(stack, requestId);
    const version = (await stack.app.get(RegistryView).versionsByIds(editor, [versionId]))[0]!;
    await retract(version.datasetVersionId!);
    await expect(stack.app.get(EvaluationsService).request(editor, versionId)).rejects.toMatchObject({
      code: 'NOT_READY',
      message: /nothing is measured on data that do not stand: version 1 of the data set is RETRACTED/,
    });
    await expect(stack.app.get(DecisionsService).decide(approver, { requestId, decision: 'approved' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: /RETRACTED.*; ask for the stage anew/,
    });
    const [request] = await stack.app.get(RegistryView).requestsByIds(editor, [requestId]);
    expect(request!.state).toBe('STALE');
  });
});
