import { createHash, randomUUID } from 'node:crypto';
import type { Ctx } from '#access';
import type { EvaluationResult, EventData } from '#contracts';
import { UnitOfWork } from '#database';
import { DatasetsService } from '#datasets';
import { ModelsService } from '#registry';
import { BlobRegistry } from '#storage';
import { ExperimentsService, RunsService } from '#tracking';
import { JobsService, TemplatesService } from '#training';
import type { Stack } from './stack.js';

export const name = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 8)}`;
export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Registers a blob's row, as after an upload. */
export async function blob(stack: Stack, ctx: Ctx, text: string = randomUUID()): Promise<string> {
  const sha256 = digest(text);
  await stack.app.get(UnitOfWork).run({}, (tx) => stack.app.get(BlobRegistry).register(tx, ctx.workspaceId, sha256, text.length));
  return sha256;
}

/** A data set with one VALIDATED version of the columns x (number) and label (text). */
export async function validDataset(stack: Stack, ctx: Ctx): Promise<{ datasetId: string; versionId: string }> {
  const service = stack.app.get(DatasetsService);
  const { id: datasetId } = await service.create(ctx, { name: name('data') });
  const { id: versionId } = await service.createVersion(ctx, { datasetId, blob: await blob(stack, ctx), format: 'CSV' });
  await service.recordValidation(ctx, versionId, {
    columns: [
      { name: 'x', type: 'number', nullable: false },
      { name: 'label', type: 'text', nullable: false },
    ],
    profile: { rows: 10, duplicateRows: 0, columns: [] },
    findings: [],
    table: { sha256: digest(versionId), size: 10 },
  });
  return { datasetId, versionId };
}

export async function queuedJob(
  stack: Stack,
  ctx: Ctx,
): Promise<{ id: string; runId: string; templateId: string; datasetId: string; versionId: string }> {
  const data = await validDataset(stack, ctx);
  const template = await stack.app.get(TemplatesService).create(ctx, {
    name: name('template'),
    datasetId: data.datasetId,
    spec: { task: 'classification', label: 'label' },
    registerAs: null,
  });
  return { ...(await stack.app.get(JobsService).start(ctx, { templateId: template.id })), templateId: template.id, ...data };
}

const report = (f1: number) => ({
  rows: 30,
  loss: 0.1,
  accuracy: f1,
  precisionMacro: f1,
  recallMacro: f1,
  f1Macro: f1,
  classes: ['a', 'b'],
  confusion: [
    [15, 0],
    [0, 15],
  ],
  perClass: [
    { label: 'a', precision: f1, recall: f1, f1, support: 15 },
    { label: 'b', precision: f1, recall: f1, f1, support: 15 },
  ],
});

export const evaluation = (f1 = 0.95): EvaluationResult => ({
  signature: {
    inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 1], nullable: true }],
    outputs: [{ name: 'label', datatype: 'BYTES', shape: [-1, 1] }],
  },
  validation: report(f1),
  test: report(f1),
  parity: { rows: 30, maxAbsDiff: 1e-7 },
  backend: 'wasm',
});

/** A registered candidate, trained by `trainedBy`. */
export async function candidate(stack: Stack, ctx: Ctx, model: string, trainedBy: string | null = null): Promise<string> {
  const experiment = await stack.app.get(ExperimentsService).ensure(ctx, { name: 'registry-tests' });
  const { id: runId } = await stack.app.get(RunsService).create(ctx, { experimentId: experiment.id, name: 'run' });
  const { versionId } = await validDataset(stack, ctx);
  const result = evaluation();
  const version = await stack.app.get(ModelsService).registerCandidate(ctx, {
    model,
    project: '/',
    runId,
    datasetVersionId: versionId,
    files: { 'model.onnx': digest(runId) },
    signature: result.signature,
    evaluation: result,
    trainedBy,
  });
  return version.id;
}

/** Rows of further valid versions of a data set, as so many uploads would leave them; answers what the log would say of each, in their order. */
export async function moreVersions(
  rows: Stack['rows'],
  datasetId: string,
  count: number,
): Promise<EventData<'dataset_version.validated'>[]> {
  const made = await rows<{ id: string; number: number }>(
    `insert into dataset_version (id, workspace_id, dataset_id, number, state, format, blob, size, table_blob, table_size, columns, profile, created_by)
     select 'dsv_' || md5(v.id || n.n), v.workspace_id, v.dataset_id, v.number + n.n, 'VALIDATED', v.format, v.blob, v.size, v.table_blob, v.table_size,
       v.columns, v.profile, v.created_by
     from (select * from dataset_version where dataset_id = $1 order by number desc limit 1) v, generate_series(1, $2) as n(n)
     returning id, number`,
    [datasetId, count],
  );
  made.sort((a, b) => a.number - b.number);
  return made.map(({ id, number }) => ({ datasetId, versionId: id, number, parentId: null, rows: 10, warnings: 0 }));
}
