import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aMember, startPlatform, uniqueName, type Client, type Server } from '#testing';
import { anotherWorkspace } from './edge-support.js';
import {
  ARTIFACTS,
  DELETE,
  DELETE_ARTIFACTS,
  LOG_ARTIFACTS,
  modelsKit,
  mutation,
  ONE,
  outcomeOf,
  type Entry,
  type Model,
  type ModelsKit,
  type Page,
} from './graphql-models-kit.js';

/** Artifacts: the same files through GraphQL and through MLflow's API; and who may touch them and the models that they are of. */
let server: Server;
let kit: ModelsKit;
let client: Client;
let experimentId: string;
let runId: string;
beforeAll(async () => {
  server = await startPlatform();
  kit = await modelsKit(server);
  ({ client, experimentId, runId } = kit);
}, 60_000);
afterAll(() => server?.stop());

describe('artifacts', () => {
  const list = async (ownerId: string, more: object = {}, as = client) =>
    (await as.query<{ artifacts: Page<Entry> }>(ARTIFACTS, { ownerId, ...more })).artifacts;
  const entries = async (ownerId: string, path = '') => (await list(ownerId, { path })).edges.map(({ node }) => node);
  const log = (ownerId: string, artifacts: object[], headers = {}) =>
    client.mutate<{ count: number }>(LOG_ARTIFACTS, { ownerId, artifacts }, headers);

  test('of a run: logged, listed by folders and pages, replaced and removed; MLflow sees the same bytes', async () => {
    const run = await kit.aRun();
    const [a, b] = [await client.upload('weights'), await client.upload('a report')];
    const paths = ['model/weights.bin', 'model/MLmodel', 'report.txt', 'z/deep/down.txt'];
    const logged = await log(
      run,
      paths.map((path) => ({ path, blob: path === 'model/weights.bin' ? a : b })),
    );
    expect(logged.count).toBe(4);
    const file = (path: string, blob: string, size: string) => ({ path, isDir: false, size, blob });
    const folder = (path: string) => ({ path, isDir: true, size: null, blob: null });
    expect(await entries(run)).toEqual([folder('model'), file('report.txt', b, '8'), folder('z')]);
    expect(await entries(run, 'model')).toEqual([file('model/MLmodel', b, '8'), file('model/weights.bin', a, '7')]);
    const first = await list(run, { first: 2 });
    expect(first.pageInfo.hasNextPage).toBe(true);
    const rest = await list(run, { first: 2, after: first.pageInfo.endCursor });
    expect(rest).toMatchObject({ edges: [{ node: folder('z') }], pageInfo: { hasNextPage: false } });

    const { files } = (await kit.mlflow('GET', `artifacts/list?run_id=${kit.hex(run)}&path=model`)).body;
    expect(files).toEqual([
      { path: 'model/MLmodel', is_dir: false, file_size: 8 },
      { path: 'model/weights.bin', is_dir: false, file_size: 7 },
    ]);
    const bytes = async () => (await client.fetch(`/get-artifact?run_id=${kit.hex(run)}&path=model/weights.bin`)).text();
    expect(await bytes()).toBe('weights');
    await log(run, [{ path: 'model/weights.bin', blob: b }]);
    expect(await bytes()).toBe('a report');

    const remove = async (path: string) =>
      (await client.mutate<{ count: number }>(DELETE_ARTIFACTS, { ownerId: run, path })).count;
    expect([await remove('model'), await remove('model'), await remove('report.txt')]).toEqual([2, 0, 1]);
    expect((await kit.mlflow('GET', `artifacts/list?run_id=${kit.hex(run)}`)).body.files).toEqual([{ path: 'z', is_dir: true }]);
    expect(await remove('')).toBe(1);
    expect(await entries(run)).toEqual([]);
  });

  test('of a logged model, and those that an MLflow client logged', async () => {
    const { id } = await kit.aModel('with-files');
    const blob = await client.upload('onnx');
    await log(id, [{ path: 'model.onnx', blob }]);
    expect(await kit.seen(id)).toMatchObject({ artifacts: [{ path: 'model.onnx' }] });
    const listed = (await kit.mlflow('GET', `logged-models/${kit.modelId(id)}/artifacts/directories`)).body;
    expect(listed.files).toEqual([{ path: 'model.onnx', is_dir: false, file_size: 4 }]);
    const put = await client.fetch(
      `/api/2.0/mlflow-artifacts/artifacts/${kit.experimentNumber}/${kit.hex(runId)}/artifacts/by/python.txt`,
      {
        method: 'PUT',
        body: 'from python',
      },
    );
    expect(put.status).toBe(200);
    expect(await entries(runId, 'by')).toEqual([
      { path: 'by/python.txt', isDir: false, size: '11', blob: await client.upload('from python') },
    ]);
  });

  test('are logged all or none', async () => {
    const run = await kit.aRun();
    const blob = await client.upload('here');
    const refused = (artifacts: object[]) => outcomeOf(client, LOG_ARTIFACTS, { input: { ownerId: run, artifacts } });
    expect(
      await refused([
        { path: 'a', blob },
        { path: 'b', blob: '0'.repeat(64) },
        { path: 'c', blob },
      ]),
    ).toEqual({
      code: 'BLOB_NOT_FOUND',
      field: 'blob',
    });
    expect(
      await refused([
        { path: 'a', blob },
        { path: '../b', blob },
      ]),
    ).toEqual({ code: 'BAD_INPUT', field: 'artifacts.1.path' });
    expect(
      await refused([
        { path: 'a', blob },
        { path: 'a', blob },
      ]),
    ).toEqual({ code: 'BAD_INPUT', field: 'artifacts.1.path' });
    expect(await refused([])).toEqual({ code: 'BAD_INPUT', field: 'artifacts' });
    const many = Array.from({ length: 1001 }, (_, i) => ({ path: `many/${i}`, blob }));
    expect(await refused(many)).toEqual({ code: 'BAD_INPUT', field: 'artifacts' });
    expect(await entries(run)).toEqual([]);
    expect((await log(run, many.slice(1))).count).toBe(1000);
    expect((await list(run, { path: 'many', first: 200 })).edges).toHaveLength(200);
  });

  test('happen once under an idempotency key', async () => {
    const run = await kit.aRun();
    const blob = await client.upload('once');
    const key = { 'Idempotency-Key': uniqueName('key') };
    await log(run, [{ path: 'a', blob }], key);
    const input = { ownerId: run, path: '' };
    expect(await client.mutate(DELETE_ARTIFACTS, input)).toMatchObject({ count: 1 });
    expect(await log(run, [{ path: 'a', blob }], key)).toMatchObject({ count: 1 });
    expect(await entries(run)).toEqual([]);
  });

  test('of what is in the trash stay as they are', async () => {
    const run = await kit.aRun();
    const blob = await client.upload('kept');
    await log(run, [{ path: 'a', blob }]);
    await client.query('mutation ($id: ID!) { deleteRun(runId: $id) { userErrors { code } } }', { id: run });
    expect(await outcomeOf(client, LOG_ARTIFACTS, { input: { ownerId: run, artifacts: [{ path: 'b', blob }] } })).toMatchObject({
      code: 'CONFLICT',
    });
    expect(await outcomeOf(client, DELETE_ARTIFACTS, { input: { ownerId: run, path: '' } })).toMatchObject({ code: 'CONFLICT' });
    expect((await entries(run)).map(({ path }) => path)).toEqual(['a']);
  });
});

describe('who may', () => {
  let model: Model;
  let blob: string;
  beforeAll(async () => {
    model = await kit.aModel('guarded');
    blob = await client.upload('guarded');
    await client.mutate(LOG_ARTIFACTS, { ownerId: model.id, artifacts: [{ path: 'a', blob }] });
  });

  /** What each change of the model says to somebody. */
  const changes = async (as: Client) => {
    const { id: loggedModelId } = model;
    const artifacts = [{ path: 'b', blob }];
    return [
      await outcomeOf(as, mutation('createLoggedModel'), { input: { experimentId, name: 'x' } }),
      await outcomeOf(as, mutation('finalizeLoggedModel'), { input: { loggedModelId, status: 'READY' } }),
      await outcomeOf(as, mutation('logLoggedModelParams'), { input: { loggedModelId, params: [] } }),
      await outcomeOf(as, mutation('setLoggedModelTags'), { input: { loggedModelId, tags: [] } }),
      await outcomeOf(as, mutation('deleteLoggedModelTag'), { input: { loggedModelId, key: 'x' } }),
      await outcomeOf(as, DELETE, { id: loggedModelId }),
      await outcomeOf(as, LOG_ARTIFACTS, { input: { ownerId: loggedModelId, artifacts } }),
      await outcomeOf(as, LOG_ARTIFACTS, { input: { ownerId: runId, artifacts } }),
      await outcomeOf(as, DELETE_ARTIFACTS, { input: { ownerId: loggedModelId, path: '' } }),
    ];
  };
  const unchanged = async () => expect(await kit.seen(model.id)).toMatchObject({ status: 'PENDING', artifacts: [{ path: 'a' }] });

  test('a viewer reads and changes nothing', async () => {
    const viewer = server.client((await aMember(client, 'viewer')).token);
    expect(await kit.seen(model.id, viewer)).toMatchObject({ name: 'guarded', artifacts: [{ path: 'a' }] });
    expect(await kit.found({ where: { name: { eq: 'guarded' } } }, viewer)).toEqual(['guarded']);
    expect((await viewer.query<{ artifacts: Page<Entry> }>(ARTIFACTS, { ownerId: model.id })).artifacts.edges).toHaveLength(1);
    const said = await changes(viewer);
    expect(said).toEqual(said.map(() => 'FORBIDDEN'));
    await unchanged();
  });

  test("another path's editor sees nothing of it and may not write there", async () => {
    const editor = server.client((await aMember(client, 'editor', { project: '/mine' })).token);
    expect(await editor.query(ONE, { id: model.id })).toEqual({ loggedModel: null, node: null });
    expect(await kit.found({ where: {} }, editor)).toEqual([]);
    expect((await editor.graphql(ARTIFACTS, { ownerId: model.id })).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    const said = await changes(editor);
    expect(said).toEqual(said.map(() => 'FORBIDDEN'));
    const own = await kit.anExperiment('/mine');
    expect(await kit.aModel('own', { experimentId: own, sourceRunId: null }, editor)).toMatchObject({ name: 'own' });
    expect(await kit.found({ experimentIds: null }, editor)).toEqual(['own']);
    await unchanged();
  });

  test('another workspace finds nothing', async () => {
    const stranger = await anotherWorkspace(server);
    expect(await stranger.query(ONE, { id: model.id })).toEqual({ loggedModel: null, node: null });
    expect(await kit.found({ where: {} }, stranger)).toEqual([]);
    expect(await kit.found({ experimentIds: null }, stranger)).toEqual([]);
    expect((await stranger.graphql(ARTIFACTS, { ownerId: model.id })).errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
    const said = await changes(stranger);
    expect(said).toEqual(said.map(() => expect.objectContaining({ code: 'NOT_FOUND' })));
    // A content of ours is none of theirs, even under an owner of their own.
    const theirs = await kit.anExperiment('/', stranger);
    const own = await kit.aModel('theirs', { experimentId: theirs, sourceRunId: null }, stranger);
    expect(
      await outcomeOf(stranger, LOG_ARTIFACTS, { input: { ownerId: own.id, artifacts: [{ path: 'a', blob }] } }),
    ).toMatchObject({
      code: 'BLOB_NOT_FOUND',
    });
    expect(
      await outcomeOf(stranger, mutation('createLoggedModel'), {
        input: { experimentId: theirs, name: 'x', sourceRunId: runId },
      }),
    ).toEqual({
      code: 'NOT_FOUND',
      field: 'sourceRunId',
    });
    await unchanged();
  });
});
