import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { DatasetsService } from '#datasets';
import { EvaluationsService } from '#registry';
import { candidate, name, validDataset } from './builders.js';
import { registryKit } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let editor: Ctx;
let data: { datasetId: string; versionId: string };
/** Of a client: nothing of it was looked at here. */
let foreign: string;
beforeAll(async () => {
  stack = await startStack();
  editor = await stack.member('editor');
  data = await validDataset(stack, editor);
  const registry = registryKit(stack, editor);
  const model = await registry.openModel();
  await registry.addVersion(model);
  const [row] = await stack.rows<{ id: string }>(
    'select v.id from model_version v join model m on m.id = v.model_id where m.name = $1',
    [model],
  );
  foreign = row!.id;
});
afterAll(() => stack.close());

type On = NonNullable<Parameters<EvaluationsService['request']>[2]>;
const ask = (on: On, ctx = editor, versionId = foreign) => stack.app.get(EvaluationsService).request(ctx, versionId, on);

test.each([
  ['no data', {}, 'BAD_INPUT', 'datasetVersionId'],
  ['a label alone', { label: 'label' }, 'BAD_INPUT', 'datasetVersionId'],
  ['no label', { datasetVersionId: 'dsv_0' }, 'BAD_INPUT', 'label'],
  ['a version that is not here', { datasetVersionId: 'dsv_0', label: 'label' }, 'NOT_FOUND', 'datasetVersionId'],
  ['a data set that is not here', { datasetId: 'dst_0', label: 'label' }, 'NOT_FOUND', 'datasetId'],
] as const)('%s: it is told what is wrong, and where', async (_what, on, code, field) => {
  await expect(ask(on)).rejects.toMatchObject({ code, field });
});

test('columns that are not there are named, with those that are', async () => {
  const on = { datasetVersionId: data.versionId, label: 'none' };
  await expect(ask(on)).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'label', message: /no column "none"; it has / });
});

test('files that were not looked at are not measured, and what the platform trained is measured on its own data', async () => {
  const [column] = await stack.rows<{ name: string }>(
    "select columns -> 0 ->> 'name' as name from dataset_version where id = $1",
    [data.versionId],
  );
  const on = { datasetId: data.datasetId, label: column!.name };
  await expect(ask(on)).rejects.toMatchObject({ code: 'NOT_READY', field: 'versionId' });
  const own = await candidate(stack, editor, name('own'));
  await expect(ask(on, editor, own)).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'datasetVersionId' });
});

test('of data that a caller may not read he learns nothing, not even the id of a version', async () => {
  const { principal } = editor;
  if (principal.kind !== 'member') throw new Error('the editor is a member');
  const stranger = createCtx(stack.workspaceId, { ...principal, grants: [{ path: '/elsewhere', role: 'editor' }] });
  const refused = await ask({ datasetId: data.datasetId, label: 'x' }, stranger).catch((error: Error) => error);
  expect(refused).toMatchObject({ code: 'NOT_FOUND', message: `there is no valid version of a data set ${data.datasetId}` });
});

test('data that do not stand any more are refused with why', async () => {
  const reason = 'the labels were swapped';
  await stack.app.get(DatasetsService).retract(editor, { versionId: data.versionId, reason });
  const on = { datasetVersionId: data.versionId, label: 'label' };
  await expect(ask(on)).rejects.toMatchObject({ code: 'NOT_READY', field: 'datasetVersionId', message: new RegExp(reason) });
});
