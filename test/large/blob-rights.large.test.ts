import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aMember, ask, aVersion, penguinsCsv, startPlatform, uniqueName, type Client, type Server } from '#testing';

/** What one project may know of another's files: nothing, though it has their hashes. */
let server: Server;
let admin: Client;
let shop: Client;
let other: Client;
beforeAll(async () => {
  server = await startPlatform();
  admin = server.client();
  shop = server.client((await aMember(admin, 'editor', { project: '/shop' })).token);
  other = server.client((await aMember(admin, 'editor', { project: '/other' })).token);
}, 60_000);
afterAll(() => server?.stop());

const CREATE =
  'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { dataset { id } userErrors { message } } }';
const VERSION = `mutation ($input: CreateDatasetVersionInput!) { createDatasetVersion(input: $input) { userErrors { code message field } } }`;
const datasetOf = async (client: Client, project: string) =>
  (await client.mutate<{ dataset: { id: string } }>(CREATE, { name: uniqueName('data'), project })).dataset.id;
const statusOf = async (client: Client, sha256: string, method = 'GET') =>
  (await client.fetch(`/v1/blobs/${sha256}`, { method })).status;
const use = (client: Client, datasetId: string, blob: string) => client.mutate(VERSION, { datasetId, blob, format: 'CSV' });
const sha = (text: string) => createHash('sha256').update(text).digest('hex');
const octets = { 'content-type': 'application/octet-stream' };

test('files of a project are for who may read it, or sent them, or has a role on the whole workspace', async () => {
  const text = `${penguinsCsv()}\n`;
  const sha256 = sha(text);
  const theirs = await datasetOf(other, '/other');
  await aVersion(shop, await datasetOf(shop, '/shop'), text);
  const [row] = await ask<{ table_blob: string }>(server.databaseUrl, 'select table_blob from dataset_version where blob = $1', [
    sha256,
  ]);
  for (const blob of [sha256, row!.table_blob]) {
    expect([await statusOf(shop, blob), await statusOf(admin, blob)]).toEqual([200, 200]);
    expect([await statusOf(other, blob), await statusOf(other, blob, 'HEAD')]).toEqual([404, 404]);
    await expect(use(other, theirs, blob)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND', field: 'blob' });
  }
  // Who has the content may use it, whoever else has it too.
  await other.upload(text);
  expect(await statusOf(other, sha256)).toBe(200);
  await use(other, theirs, sha256);
  expect(await statusOf(other, row!.table_blob)).toBe(404);
});

test('a wrong content proves nothing, and neither does an upload that another has begun', async () => {
  const text = `${penguinsCsv()}\n\n`;
  const sha256 = sha(text);
  await aVersion(shop, await datasetOf(shop, '/shop'), text);
  const lie = await other.fetch(`/v1/blobs/${sha256}`, { method: 'PUT', body: 'x', headers: octets });
  expect([lie.status, await statusOf(other, sha256)]).toEqual([422, 404]);
  const announced = JSON.stringify({ size: text.length, sha256: sha('another') });
  const begin = async (client: Client) =>
    (await (
      await client.fetch('/v1/uploads', { method: 'POST', body: announced, headers: { 'content-type': 'application/json' } })
    ).json()) as { id: string };
  const [ours, again, theirs, whole] = [await begin(shop), await begin(shop), await begin(other), await begin(admin)];
  expect(again.id).toBe(ours.id);
  expect(new Set([ours.id, theirs.id, whole.id]).size).toBe(3);
  expect((await other.fetch(`/v1/uploads/${ours.id}`)).status).toBe(404);
});

test('an artifact is given a path by its hash only where the content may be read', async () => {
  const text = `notes of ${uniqueName('shop')}`;
  await shop.upload(text);
  const { experiment } = await other.mutate<{ experiment: { id: string } }>(
    'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } userErrors { message } } }',
    { name: uniqueName('exp'), project: '/other' },
  );
  const { run } = await other.mutate<{ run: { id: string } }>(
    'mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } userErrors { message } } }',
    { experimentId: experiment.id, name: 'r' },
  );
  const log = () =>
    other.mutate('mutation ($input: LogArtifactsInput!) { logArtifacts(input: $input) { userErrors { code message field } } }', {
      ownerId: run.id,
      artifacts: [{ path: 'notes.txt', blob: sha(text) }],
    });
  await expect(log()).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
  await other.upload(text);
  await log();
  expect(await statusOf(other, sha(text))).toBe(200);
});

test('a run of another project makes no version, and no card tells of it', async () => {
  const { experiment } = await shop.mutate<{ experiment: { id: string } }>(
    'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } userErrors { message } } }',
    { name: uniqueName('exp'), project: '/shop' },
  );
  const { run } = await shop.mutate<{ run: { id: string } }>(
    'mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } userErrors { message } } }',
    { experimentId: experiment.id, name: 'secret-run' },
  );
  const model = uniqueName('model');
  await other.mutate('mutation ($input: CreateModelInput!) { createModel(input: $input) { userErrors { message } } }', {
    name: model,
    project: '/other',
  });
  const id = run.id.replace('run_', '');
  const register = (client: Client, body: object) =>
    client.fetch('/api/2.0/mlflow/model-versions/create', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: model, ...body }),
    });
  for (const body of [{ source: `runs:/${id}/model` }, { source: 's3://elsewhere/model', run_id: id }])
    expect((await register(other, body)).status).toBe(404);
  expect((await register(admin, { source: `runs:/${id}/model` })).status).toBe(200);
  const [version] = await ask<{ id: string }>(server.databaseUrl, 'select id from model_version where run_id = $1', [run.id]);
  const cardOf = async (client: Client) =>
    (await client.query<{ modelCard: string }>('query ($id: ID!) { modelCard(versionId: $id) }', { id: version!.id })).modelCard;
  expect(await cardOf(admin)).toContain('secret-run');
  expect(await cardOf(other)).not.toContain('secret-run');
});
