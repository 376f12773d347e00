import { describe, expect, test } from 'vitest';
import { ModelsService } from '#registry';
import { StorageView } from '#storage';
import { CollectService } from '../../apps/experiment-tracking/src/collect.service.js';
import { name, queuedJob } from './builders.js';
import { BY_ID, BY_NUMBER, editor, fullRun, get, stack, tracesOf, withStack } from './collection-kit.js';

withStack();

const turn = () => stack.app.get(CollectService).turn();
/** Makes what is in the trash 31 days older. */
const age = (table: string) => stack.owner.query(`update ${table} set deleted_at = deleted_at - interval '31 days'`);
const events = (type: string, id: string) =>
  stack.rows(
    'select 1 from event_log e join audit_log a on a.subject_id = $2 and a.action = $1 where e.type like $3 and e.subject like $4',
    [type, id, `%${type}%`, `%${id}`],
  );

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
    await expect(get.trash().purgeRun(await stack.member('viewer'), run.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
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
