import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Ctx } from '#access';
import { UnitOfWork } from '#database';
import { ModelsService } from '#registry';
import { BLOB_STORE, BlobCollector, BlobRegistry, StorageView, type BlobStore } from '#storage';
import { ArtifactsService, ExperimentsService, LoggedModelsService, LoggingService, RunsService, TrashService } from '#tracking';
import { CollectService } from '../../apps/experiment-tracking/src/collect.service.js';
import { ExperimentTrackingRole } from '../../apps/experiment-tracking/src/experiment-tracking.role.js';
import { digest, name, queuedJob, validDataset } from './builders.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let editor: Ctx;
let viewer: Ctx;
let store: BlobStore;
beforeAll(async () => {
  stack = await startStack([ExperimentTrackingRole]);
  [editor, viewer] = [await stack.member('editor'), await stack.member('viewer')];
  store = stack.app.get<BlobStore>(BLOB_STORE);
});
afterAll(() => stack.close());
afterEach(() => vi.restoreAllMocks());

const get = {
  trash: () => stack.app.get(TrashService),
  runs: () => stack.app.get(RunsService),
  experiments: () => stack.app.get(ExperimentsService),
  artifacts: () => stack.app.get(ArtifactsService),
  collector: () => stack.app.get(BlobCollector),
  registry: () => stack.app.get(BlobRegistry),
};
const turn = () => stack.app.get(CollectService).turn();
/** Makes what is in the trash 31 days older. */
const age = (table: string) => stack.owner.query(`update ${table} set deleted_at = deleted_at - interval '31 days'`);
const ageBlobs = () => stack.owner.query("update blob set created_at = created_at - interval '2 days'");
const isThere = async (sha256: string) => (await store.stat(stack.workspaceId, sha256)) !== undefined;
const rowOf = async (sha256: string) =>
  (await stack.rows<{ marked: boolean }>('select collected_at is not null as marked from blob where sha256 = $1', [sha256]))[0];
const keep = (text: string) => get.registry().keep(stack.workspaceId, Buffer.from(text));
const events = (type: string, id: string) =>
  stack.rows(
    'select 1 from event_log e join audit_log a on a.subject_id = $2 and a.action = $1 where e.type like $3 and e.subject like $4',
    [type, id, `%${type}%`, `%${id}`],
  );

/** A run with something in every table below it. */
async function fullRun(text: string, experimentId?: string) {
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
  await logging.logInputs(editor, id, { datasets: [{ name: 'd', digest: 'x', sourceType: 'local', source: '/' }], modelIds: [model.id] });
  const ref = await keep(text);
  await get.artifacts().add(editor, id, 'model/file.bin', ref);
  const [{ num }] = (await stack.rows<{ num: number }>('select num from run where id = $1', [id])) as [{ num: number }];
  await stack.owner.query(
    'insert into logged_model_metric (model_id, key, run, ts, step, value) select $1, id, $2, 1, 1, 1 from metric_key limit 1',
    [model.id, num],
  );
  return { id, num, experimentId, childId: child.id, parentId: parent.id, modelId: model.id, sha256: ref.sha256 };
}

const BY_NUMBER = [
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
const BY_ID = { run: 'id', run_input: 'run_id', artifact: 'owner_id' };

async function tracesOf({ id, num }: { id: string; num: number }): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const count = async (sql: string, value: unknown) => (await stack.rows<{ n: number }>(sql, [value]))[0]!.n;
  for (const table of BY_NUMBER) found[table] = await count(`select count(*)::int as n from ${table} where run = $1`, num);
  for (const [table, column] of Object.entries(BY_ID))
    found[table] = await count(`select count(*)::int as n from ${table} where ${column} = $1`, id);
  return Object.fromEntries(Object.entries(found).filter(([, n]) => n > 0));
}

describe('a run', () => {
  test('every table with a run column is looked at here', async () => {
    const tables = await stack.rows<{ t: string }>(
      "select table_name as t from information_schema.columns where table_schema = 'public' and column_name = 'run' and table_name not similar to 'metric_point_[0-9]+'",
    );
    expect(tables.map(({ t }) => t).sort()).toEqual([...BY_NUMBER].sort());
  });

  test('is purged with all that is below it, once it has been in the trash for long enough; its child and its model stay', async () => {
    const run = await fullRun('one');
    expect(Object.keys(await tracesOf(run)).sort()).toEqual(
      [...BY_NUMBER, ...Object.keys(BY_ID)].filter((table) => table !== 'purged_run').sort(),
    );
    await get.runs().setDeleted(editor, run.id, true);
    await turn();
    expect(await tracesOf(run)).toHaveProperty('metric_point', 50);
    await age('run');
    await turn();
    expect(await tracesOf(run)).toEqual({});
    expect(await stack.rows('select parent_id from run where id = $1', [run.childId])).toEqual([{ parent_id: null }]);
    expect(await stack.rows('select 1 from logged_model where id = $1', [run.modelId])).toHaveLength(1);
    expect(await events('run.purged', run.id)).toHaveLength(1);
    expect(await stack.app.get(StorageView).lastCollection(stack.workspaceId)).toMatchObject({
      runs: 1,
      experiments: 0,
      kept: 0,
    });
  });

  test('comes back whole when it is restored before', async () => {
    const run = await fullRun('two');
    const before = await tracesOf(run);
    await get.runs().setDeleted(editor, run.id, true);
    await age('run');
    await get.runs().setDeleted(editor, run.id, false);
    await turn();
    expect(await tracesOf(run)).toEqual(before);
  });

  test('is purged at once only from the trash, and only by who may write', async () => {
    const run = await fullRun('three');
    await expect(get.trash().purgeRun(editor, run.id)).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { reason: 'NOT_DELETED' },
    });
    await get.runs().setDeleted(editor, run.id, true);
    await expect(get.trash().purgeRun(viewer, run.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await get.trash().purgeRun(editor, run.id);
    expect(await tracesOf(run)).toEqual({});
    await expect(get.trash().purgeRun(editor, run.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('that a training job or a model version stands on stays, and is counted', async () => {
    const { runId } = await queuedJob(stack, editor);
    const other = await fullRun('four');
    const { modelId } = await model();
    const version = name('mdv');
    await stack.owner.query(
      `insert into model_version (id, workspace_id, model_id, number, run_id, files, created_by) values ($1, $2, $3, 1, $4, '{}', 'test')`,
      [version, stack.workspaceId, modelId, other.id],
    );
    for (const id of [runId, other.id]) await get.runs().setDeleted(editor, id, true);
    await age('run');
    await turn();
    expect(await stack.rows('select 1 from run where id = any($1)', [[runId, other.id]])).toHaveLength(2);
    expect(await stack.app.get(StorageView).lastCollection(stack.workspaceId)).toMatchObject({ kept: 2 });
    await expect(get.trash().purgeRun(editor, runId)).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { reason: 'STILL_USED' },
    });
    await stack.owner.query('delete from model_version where id = $1', [version]);
    await turn();
    expect(await tracesOf(other)).toEqual({});
  });

  test('in use by a writer is purged when the writer is done', async () => {
    const run = await fullRun('five');
    await get.runs().setDeleted(editor, run.id, true);
    await age('run');
    await stack.owner.query('begin');
    await stack.owner.query('select 1 from run where id = $1 for key share', [run.id]);
    await turn();
    await stack.owner.query('commit');
    expect(await tracesOf(run)).toHaveProperty('run', 1);
    await turn();
    expect(await tracesOf(run)).toEqual({});
  });
});

async function model(): Promise<{ modelId: string }> {
  const { id } = await stack.app.get(ModelsService).create(await stack.member('admin'), { name: name('model') } as never);
  return { modelId: id };
}

describe('an experiment', () => {
  test('goes when its runs and logged models are gone; its number is not used again; the Default stays', async () => {
    const made = await get.experiments().create(editor, { name: name('exp') });
    const run = await fullRun('six', made.id);
    await get.experiments().delete(editor, made.id);
    await get.experiments().ensureDefault(stack.workspaceId);
    await stack.owner.query('update experiment set deleted_at = now() where number = 0');
    await age('run');
    await age('experiment');
    await turn();
    expect(await tracesOf(run)).toEqual({});
    for (const [table, column] of [
      ['experiment', 'id'],
      ['run', 'experiment_id'],
      ['logged_model', 'experiment_id'],
      ['logged_dataset', 'experiment_id'],
      ['experiment_tag', 'experiment_id'],
    ])
      expect(await stack.rows(`select 1 from ${table} where ${column} = $1`, [made.id])).toEqual([]);
    expect(await events('experiment.purged', made.id)).toHaveLength(1);
    expect(await events('logged_model.purged', run.modelId)).toHaveLength(1);
    expect((await get.experiments().create(editor, { name: name('exp') })).number).toBeGreaterThan(made.number);
    expect(await stack.rows('select 1 from experiment where number = 0')).toHaveLength(1);
    await stack.owner.query('update experiment set deleted_at = null where number = 0');
  });

  test('is purged at once with all that is in it, or not at all', async () => {
    const run = await fullRun('seven');
    const { trash } = get;
    await expect(trash().purgeExperiment(editor, run.experimentId)).rejects.toMatchObject({ code: 'CONFLICT' });
    await get.experiments().delete(editor, run.experimentId);
    const { modelId } = await model();
    await stack.owner.query(
      `insert into model_version (id, workspace_id, model_id, number, logged_model_id, files, created_by) values ('mdv_x', $1, $2, 1, $3, '{}', 'test')`,
      [stack.workspaceId, modelId, run.modelId],
    );
    await expect(trash().purgeExperiment(editor, run.experimentId)).rejects.toMatchObject({ details: { reason: 'STILL_USED' } });
    expect(await tracesOf(run)).toHaveProperty('run', 1);
    await stack.owner.query("delete from model_version where id = 'mdv_x'");
    await trash().purgeExperiment(editor, run.experimentId);
    expect(await tracesOf(run)).toEqual({});
    expect(await stack.rows('select 1 from experiment where id = $1', [run.experimentId])).toEqual([]);
  });
});

describe('blobs', () => {
  /** All that is due now: marked, and removed without the time of grace. */
  const collect = async () => {
    await get.collector().mark();
    return get.collector().remove(0);
  };

  test('stay while they are young, while something refers to them, and for the time of grace', async () => {
    const [one, two] = [await fullRun('shared'), await fullRun('shared')];
    const young = await keep('young');
    const purge = async (id: string) => {
      await get.runs().setDeleted(editor, id, true);
      await get.trash().purgeRun(editor, id);
    };
    await purge(one.id);
    await ageBlobs();
    await stack.owner.query('update blob set created_at = now() where sha256 = $1', [young.sha256]);
    await collect();
    expect(await isThere(two.sha256)).toBe(true);
    await purge(two.id);
    await get.collector().mark();
    expect([await rowOf(two.sha256), await isThere(two.sha256)]).toEqual([{ marked: true }, true]);
    await get.collector().remove();
    expect(await isThere(two.sha256)).toBe(true);
    const removed = await get.collector().remove(0);
    expect(removed.get(stack.workspaceId)!.blobs).toBeGreaterThan(0);
    expect([await rowOf(two.sha256), await isThere(two.sha256)]).toEqual([undefined, false]);
    expect([await rowOf(young.sha256), await isThere(young.sha256)]).toEqual([{ marked: false }, true]);
  });

  test('every column that names a blob is a reference', async () => {
    const columns = await stack.rows<{ c: string }>(
      `select table_name || '.' || column_name as c from information_schema.columns where table_schema = 'public'
         and table_name in (select tablename from pg_tables where schemaname = 'public') and (column_name like '%blob' or column_name like '%sha256' or column_name = 'files')
       except select table_name || '.' || column_name from information_schema.view_column_usage where view_name = 'blob_reference'`,
    );
    expect(columns).toEqual([{ c: 'blob.sha256' }]);
  });

  test('a marked blob cannot be referred to until it is put again, which takes the mark away', async () => {
    const { sha256, size } = await keep('again');
    await ageBlobs();
    await get.collector().mark();
    const refer = () => stack.app.get(UnitOfWork).run({}, (tx) => get.registry().reference(tx, stack.workspaceId, sha256));
    await expect(refer()).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
    expect(await get.registry().touch(stack.workspaceId, sha256)).toBe(false);
    await keep('again');
    expect(await refer()).toEqual({ size });
    await collect();
    expect(await isThere(sha256)).toBe(true);
  });

  test('a writer that has just referred to it wins, before and after its end', async () => {
    const { sha256, size } = await keep('writer');
    await ageBlobs();
    const { id: experimentId } = await get.experiments().create(editor, { name: name('exp') });
    const run = await get.runs().create(editor, { experimentId, name: 'writer' });
    await stack.app.get(UnitOfWork).run({}, async (tx) => {
      await get.registry().reference(tx, stack.workspaceId, sha256);
      await collect();
      expect(await rowOf(sha256)).toEqual({ marked: false });
      await get.artifacts().addIn(tx, editor, run.id, { file: sha256 });
    });
    await collect();
    expect([await rowOf(sha256), await isThere(sha256), size]).toEqual([{ marked: false }, true, 6]);
  });

  test('content that is put again while it is being removed is written anew', async () => {
    const { sha256 } = await keep('race');
    await ageBlobs();
    await get.collector().mark();
    const remove = store.delete.bind(store);
    let again: Promise<unknown> | undefined;
    vi.spyOn(store, 'delete').mockImplementation(async (namespace, sha) => {
      if (sha === sha256) {
        again = keep('race');
        // Its claim has reached the database and waits there for the row that is held.
        await vi.waitFor(async () => {
          const waiting = await stack.rows(
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          );
          expect(waiting).toHaveLength(1);
        });
      }
      await remove(namespace, sha);
    });
    await get.collector().remove(0);
    await again;
    expect([await rowOf(sha256), await isThere(sha256)]).toEqual([{ marked: false }, true]);
  });

  test('puts and collections at the same time: what was put is there, in 60 rounds', async () => {
    const { sha256 } = await keep('often');
    for (let round = 0; round < 60; round++) {
      await stack.owner.query("update blob set created_at = now() - interval '2 days' where sha256 = $1", [sha256]);
      await Promise.all([collect(), keep('often'), collect(), keep('often')]);
      expect([await rowOf(sha256), await isThere(sha256)]).toEqual([{ marked: false }, true]);
    }
  });

  test('a crash between content and row is finished by the next turn', async () => {
    const { sha256 } = await keep('crash');
    await ageBlobs();
    await get.collector().mark();
    const remove = store.delete.bind(store);
    vi.spyOn(store, 'delete').mockImplementationOnce(async (namespace, sha) => {
      await remove(namespace, sha);
      throw new Error('the power is gone');
    });
    await expect(get.collector().remove(0)).rejects.toThrow('the power is gone');
    await get.collector().remove(0);
    expect([await rowOf(sha256), await isThere(sha256)]).toEqual([undefined, false]);
  });

  test('content without a row goes when it is old, and only then', async () => {
    const { sha256 } = await store.put(stack.workspaceId, Buffer.from('stray'));
    await get.collector().adopt();
    await collect();
    expect(await isThere(sha256)).toBe(true);
    await get.collector().adopt(-1);
    await collect();
    expect([await rowOf(sha256), await isThere(sha256)]).toEqual([undefined, false]);
    expect(digest('stray')).toBe(sha256);
  });
});
