import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import type { Ctx } from '#access';
import { BLOB_STORE, BlobCollector, BlobRegistry, type BlobStore } from '#storage';
import { ArtifactsService, ExperimentsService, LoggedModelsService, LoggingService, RunsService, TrashService } from '#tracking';
import { ExperimentTrackingRole } from '../../apps/experiment-tracking/src/experiment-tracking.role.js';
import { name, validDataset } from './builders.js';
import { startStack, type Stack } from './stack.js';

export let stack: Stack;
export let editor: Ctx;
export let store: BlobStore;

/** A stack of its own for the file that calls it. */
export function withStack(): void {
  beforeAll(async () => {
    stack = await startStack([ExperimentTrackingRole]);
    editor = await stack.member('editor');
    store = stack.app.get<BlobStore>(BLOB_STORE);
  });
  afterAll(() => stack.close());
  afterEach(() => vi.restoreAllMocks());
}

export const get = {
  trash: () => stack.app.get(TrashService),
  runs: () => stack.app.get(RunsService),
  experiments: () => stack.app.get(ExperimentsService),
  artifacts: () => stack.app.get(ArtifactsService),
  collector: () => stack.app.get(BlobCollector),
  registry: () => stack.app.get(BlobRegistry),
};
export const keep = (text: string) => get.registry().keep(stack.workspaceId, Buffer.from(text));

/** A run with something in every table below it. */
export async function fullRun(text: string, experimentId?: string) {
  experimentId ??= (await get.experiments().create(editor, { name: name('exp') })).id;
  const { versionId } = await validDataset(stack, editor);
  const parent = await get.runs().create(editor, { experimentId, name: 'parent' });
  const { id } = await get
    .runs()
    .create(editor, { experimentId, name: 'run', parentId: parent.id, datasetVersionIds: [versionId] });
  const child = await get.runs().create(editor, { experimentId, name: 'child', parentId: id });
  const logging = stack.app.get(LoggingService);
  const points = Array.from({ length: 50 }, (_, step) => ({ key: 'loss', value: step / 7, step, timestamp: 1000 + step }));
  await logging.log(editor, id, { points, params: { a: '1' }, tags: { b: '2' } });
  await logging.logLines(editor, id, [{ n: 1, at: 1000, stream: 'stdout', text: 'hello' }]);
  const model = await stack.app
    .get(LoggedModelsService)
    .create(editor, { experimentId, name: 'm', sourceRunId: id, params: { p: '1' }, tags: { t: '1' } });
  await logging.logInputs(editor, id, {
    datasets: [{ name: 'd', digest: 'x', sourceType: 'local', source: '/' }],
    modelIds: [model.id],
  });
  const ref = await keep(text);
  await get.artifacts().add(editor, id, 'model/file.bin', ref);
  const [{ num }] = (await stack.rows<{ num: number }>('select num from run where id = $1', [id])) as [{ num: number }];
  await stack.owner.query(
    'insert into logged_model_metric (model_id, key, run, ts, step, value) select $1, id, $2, 1, 1, 1 from metric_key limit 1',
    [model.id, num],
  );
  return { id, num, experimentId, childId: child.id, parentId: parent.id, modelId: model.id, sha256: ref.sha256 };
}

export const BY_NUMBER = [
  'run_param',
  'run_tag',
  'run_log',
  'run_model',
  'run_dataset',
  'metric_point',
  'metric_latest',
  'logged_model_metric',
  'purged_run',
];
export const BY_ID = { run: 'id', run_input: 'run_id', artifact: 'owner_id' };

export async function tracesOf({ id, num }: { id: string; num: number }): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const count = async (sql: string, value: unknown) => (await stack.rows<{ n: number }>(sql, [value]))[0]!.n;
  for (const table of BY_NUMBER) found[table] = await count(`select count(*)::int as n from ${table} where run = $1`, num);
  for (const [table, column] of Object.entries(BY_ID))
    found[table] = await count(`select count(*)::int as n from ${table} where ${column} = $1`, id);
  return Object.fromEntries(Object.entries(found).filter(([, n]) => n > 0));
}
