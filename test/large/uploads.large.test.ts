import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlatform, until, type Client, type Server } from '#testing';
import { BUCKET, noSeaweed, startS3, titled } from './on-s3.js';

const MIB = 2 ** 20;
const PART = 5 * MIB;
const content = randomBytes(2 * PART + 77);
const sha256 = createHash('sha256').update(content).digest('hex');
const OCTETS = { 'content-type': 'application/octet-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };

interface Upload {
  readonly id: string;
  readonly direct: boolean;
  readonly parts: { number: number; offset: number; size: number; received: boolean; url: string }[];
  readonly blob: { sha256: string; size: number } | null;
}

let server: Server;
const call = async (path: string, init: RequestInit & { body?: unknown }, client: Client = server.client()) => {
  const answer = await client.fetch(path, init as RequestInit);
  const text = await answer.text();
  return { status: answer.status, body: (text ? JSON.parse(text) : null) as never };
};
const post = (path: string, body: unknown, client?: Client) =>
  call(path, { method: 'POST', body: JSON.stringify(body), headers: JSON_TYPE }, client);
const begin = async (spec: object) =>
  (await post('/v1/uploads', { size: content.length, partSize: PART, ...spec })).body as Upload;
const partOf = ({ offset, size }: { offset: number; size: number }) => new Uint8Array(content.subarray(offset, offset + size));

function send(upload: Upload, index: number, body: Uint8Array<ArrayBuffer> = partOf(upload.parts[index]!)) {
  return call(`/v1/uploads/${upload.id}/parts/${index + 1}`, { method: 'PUT', body, headers: OCTETS });
}
async function download(sha: string): Promise<Buffer> {
  return Buffer.from(await (await server.client().fetch(`/v1/blobs/${sha}`)).arrayBuffer());
}

/** What a client sees, wherever the parts lie; `lose` takes them away behind the platform's back. */
function uploadsSuite(lose: (id: string) => Promise<void>): void {
  test('an upload survives kill -9 of the platform, and goes on with what is missing', async () => {
    const upload = await begin({ sha256 });
    expect(upload.parts.map(({ size }) => size)).toEqual([PART, PART, 77]);
    expect((await send(upload, 1)).status).toBe(204);
    await server.kill9();
    await server.restart();
    const again = await begin({ sha256 });
    expect([again.id, again.parts.map(({ received }) => received)]).toEqual([upload.id, [false, true, false]]);
    expect(await post(`/v1/uploads/${upload.id}/complete`, {})).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('2 parts have not come yet, such as 1, 3') } },
    });
    for (const index of [0, 2]) expect((await send(again, index)).status).toBe(204);
    const done = { status: 200, body: { sha256, size: content.length } };
    expect(await post(`/v1/uploads/${upload.id}/complete`, {})).toEqual(done);
    expect(await post(`/v1/uploads/${upload.id}/complete`, {})).toEqual(done);
    expect((await download(sha256)).equals(content)).toBe(true);
    expect((await send(upload, 0)).status).toBe(409);
    const shown = (await call(`/v1/uploads/${upload.id}`, {})).body as Upload;
    expect([shown.blob, shown.parts.every(({ received }) => received)]).toEqual([done.body, true]);
  });

  test('parts may come at once, and completing twice at once is completing once', async () => {
    const upload = await begin({});
    const sent = await Promise.all([0, 1, 2].map((index) => send(upload, index)));
    expect(sent.map(({ status }) => status)).toEqual([204, 204, 204]);
    const both = await Promise.all([1, 2].map(() => post(`/v1/uploads/${upload.id}/complete`, {})));
    expect(both.some(({ status }) => status === 200)).toBe(true);
    expect(await post(`/v1/uploads/${upload.id}/complete`, {})).toMatchObject({ status: 200, body: { sha256 } });
  });

  test('a part of another size, and content that is not what was announced, are refused', async () => {
    const upload = await begin({ sha256: 'f'.repeat(64) });
    expect(await send(upload, 0, new Uint8Array(5))).toMatchObject({ status: 422, body: { error: { code: 'BLOB_MISMATCH' } } });
    expect(await send(upload, 3, new Uint8Array(5))).toMatchObject({
      status: 400,
      body: { error: { message: 'this upload has parts 1 to 3', field: 'number' } },
    });
    for (const index of [0, 1, 2]) await send(upload, index);
    expect((await post(`/v1/uploads/${upload.id}/complete`, {})).status).toBe(422);
    expect((await call(`/v1/uploads/${upload.id}`, {})).status).toBe(404);
  });

  test.each([
    [{ size: 0 }, 'size'],
    [{ size: 1.5 }, 'size'],
    [{ partSize: 1 }, 'partSize'],
    [{ partSize: 65 * MIB }, 'partSize'],
    [{ size: 10_001 * PART }, 'partSize'],
    [{ sha256: 'x' }, 'sha256'],
    [{ sha: 'x' }, 'body'],
  ])('%j is refused', async (spec, field) => {
    const answer = await post('/v1/uploads', { size: content.length, partSize: PART, ...spec });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'BAD_INPUT', field } } });
  });

  test('an upload that the store has lost is begun anew', async () => {
    const spec = { sha256: 'e'.repeat(64) };
    const upload = await begin(spec);
    await send(upload, 0);
    await lose(upload.id);
    const again = await begin(spec);
    expect(again.id).not.toBe(upload.id);
    expect(again.parts.some(({ received }) => received)).toBe(false);
    await lose(again.id);
    expect(await post(`/v1/uploads/${again.id}/complete`, {})).toMatchObject({ status: 404 });
  });

  test('an upload is given up, and is nobody else’s', async () => {
    const upload = await begin({});
    const stranger = await otherWorkspace();
    for (const [method, path] of [
      ['GET', ''],
      ['PUT', '/parts/1'],
      ['POST', '/complete'],
      ['DELETE', ''],
    ] as const) {
      const init = { method, headers: OCTETS, ...(method === 'PUT' ? { body: new Uint8Array(1) } : {}) };
      expect((await call(`/v1/uploads/${upload.id}${path}`, init, stranger)).status).toBe(404);
    }
    expect((await call(`/v1/uploads/${upload.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await call(`/v1/uploads/${upload.id}`, {})).status).toBe(404);
  });
}

async function otherWorkspace(): Promise<Client> {
  const mutation = `mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { token userErrors { code message } } }`;
  const { token } = await server
    .client()
    .mutate<{ token: string }>(mutation, { name: `other-${randomBytes(4).toString('hex')}` });
  return server.client(token);
}

async function aRun(): Promise<string> {
  const { body } = await post('/api/2.0/mlflow/runs/create', { experiment_id: '0' });
  return (body as { run: { info: { run_id: string } } }).run.info.run_id;
}
const artifacts = async (runId: string) =>
  ((await call(`/api/2.0/mlflow/artifacts/list?run_id=${runId}`, {})).body as { files?: { path: string; file_size: number }[] })
    .files ?? [];

describe('uploads to a disk', () => {
  beforeAll(async () => {
    server = await startPlatform();
  }, 60_000);
  afterAll(() => server.stop());
  uploadsSuite((id) => rm(join(server.home, 'blobs', 'tmp', id), { recursive: true }));

  test('MLflow’s multipart and presigned routes say that files go through the server', async () => {
    const runId = await aRun();
    const body = { path: 'model.bin', num_parts: 2, upload_id: 'x', parts: [{ part_number: 1, etag: 'x' }], run_id: runId };
    for (const [path, what] of [
      [`/api/2.0/mlflow-artifacts/mpu/create/0/${runId}/artifacts`, 'Multipart upload'],
      [`/api/2.0/mlflow-artifacts/mpu/complete/0/${runId}/artifacts`, 'Multipart upload'],
      [`/api/2.0/mlflow-artifacts/mpu/abort/0/${runId}/artifacts`, 'Multipart upload'],
      ['/api/2.0/mlflow/artifacts/presigned-upload-url', 'Presigned upload'],
      ['/api/2.0/mlflow/artifacts/presigned-download-url', 'Presigned download'],
    ] as const)
      expect(await post(path, body)).toEqual({
        status: 501,
        body: { error_code: 'NOT_IMPLEMENTED', message: `${what} is not supported for the current artifact repository` },
      });
    expect((await call(`/api/2.0/mlflow-artifacts/presigned/0/${runId}/artifacts/x`, {})).status).toBe(501);
  });
});

describe.skipIf(noSeaweed)(titled('uploads to a real S3', noSeaweed), () => {
  let s3: Awaited<ReturnType<typeof startS3>>;
  beforeAll(async () => {
    s3 = await startS3();
    server = await startPlatform({ env: s3.env });
  }, 90_000);
  afterAll(async () => {
    await server.stop();
    await s3.stop();
  });
  uploadsSuite((id) => s3.client.removeIncompleteUpload(BUCKET, `tmp/${id}`));

  const mpu = (step: string, runId: string, more: object, folder = '') =>
    post(`/api/2.0/mlflow-artifacts/mpu/${step}/0/${runId}/artifacts${folder}`, { path: '/home/ada/model.bin', ...more });

  test('a multipart upload of MLflow goes to the store, and is an artifact once it is completed', async () => {
    const runId = await aRun();
    const created = (await mpu('create', runId, { num_parts: 3 }, '/weights')).body as {
      upload_id: string;
      credentials: { url: string; part_number: number }[];
    };
    const parts = [];
    for (const { url, part_number } of created.credentials) {
      const offset = (part_number - 1) * PART;
      const answer = await fetch(url, { method: 'PUT', body: new Uint8Array(content.subarray(offset, offset + PART)) });
      expect(answer.status).toBe(200);
      parts.push({ part_number, etag: answer.headers.get('etag'), url });
    }
    expect(await artifacts(runId)).toEqual([]);
    const whole = { upload_id: created.upload_id, parts };
    expect((await mpu('complete', runId, whole)).status).toBe(404);
    expect((await mpu('complete', await aRun(), whole, '/weights')).status).toBe(404);
    expect(await mpu('complete', runId, whole, '/weights')).toEqual({ status: 200, body: {} });
    expect(await mpu('complete', runId, whole, '/weights')).toEqual({ status: 200, body: {} });
    const file = await server.client().fetch(`/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/weights/model.bin`);
    expect(Buffer.from(await file.arrayBuffer()).equals(content)).toBe(true);
  });

  test('a multipart upload that is given up is no artifact', async () => {
    const runId = await aRun();
    const { upload_id, credentials } = (await mpu('create', runId, { num_parts: 1 })).body as {
      upload_id: string;
      credentials: { url: string }[];
    };
    expect((await mpu('abort', runId, { upload_id })).status).toBe(200);
    expect((await fetch(credentials[0]!.url, { method: 'PUT', body: 'late' })).ok).toBe(false);
    expect((await mpu('complete', runId, { upload_id, parts: [{ part_number: 1, etag: 'x' }] })).status).toBe(404);
    expect(await artifacts(runId)).toEqual([]);
  });

  const presign = (what: string, body: object) => post(`/api/2.0/mlflow/artifacts/presigned-${what}-url`, body);

  test('a file that is put at a presigned URL is an artifact, the last one that was put', async () => {
    const runId = await aRun();
    const { presigned_url: url } = (await presign('upload', { run_id: runId, path: 'a/b.txt' })).body as {
      presigned_url: string;
    };
    expect(await artifacts(runId)).toEqual([]);
    for (const text of ['first', 'the second']) {
      expect((await fetch(url, { method: 'PUT', body: text })).status).toBe(200);
      const answer = await server.client().fetch(`/get-artifact?run_id=${runId}&path=a/b.txt`);
      expect(await answer.text()).toBe(text);
    }
    expect(await artifacts(runId)).toEqual([{ path: 'a', is_dir: true }]);
  });

  test('what nobody asks for becomes an artifact too', async () => {
    const runId = await aRun();
    const { presigned_url: url } = (await presign('upload', { run_id: runId, path: 'late.txt' })).body as {
      presigned_url: string;
    };
    await fetch(url, { method: 'PUT', body: 'late' });
    const query = 'query ($id: ID!) { run(id: $id) { artifacts { path size } } }';
    const found = async () =>
      (await server.client().query<{ run: { artifacts: unknown[] } }>(query, { id: `run_${runId}` })).run.artifacts;
    await until('the file is an artifact', async () => (await found()).length > 0, 20_000, 200);
    expect(await found()).toEqual([{ path: 'late.txt', size: '4' }]);
  });

  test('a presigned download is one file, by parts if need be, and for a short time', async () => {
    const runId = await aRun();
    const path = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/ä.bin`;
    await call(path, { method: 'PUT', body: new Uint8Array(content), headers: OCTETS });
    const asked = { run_id: runId, path: 'ä.bin' };
    const { presigned_url: url, file_size } = (await presign('download', asked)).body as {
      presigned_url: string;
      file_size: number;
    };
    expect(file_size).toBe(content.length);
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect([part.status, Buffer.from(await part.arrayBuffer()).equals(content.subarray(10, 20))]).toEqual([206, true]);
    expect(part.headers.get('content-disposition')).toContain('attachment');
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    const other = url.replace(/[0-9a-f]{64}\?/, `${'0'.repeat(64)}?`);
    expect((await fetch(other)).status).toBe(403);
    for (const expiration of [0, -1, 901])
      expect(await presign('download', { ...asked, expiration })).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('from 1 to 900') },
      });
    expect((await presign('download', { run_id: runId, path: 'missing' })).status).toBe(404);
    expect((await presign('download', { path: 'x' })).status).toBe(400);
  });

  test('only where the operator says that clients reach the store are they sent there unasked', async () => {
    const info = async () => (await call('/api/3.0/mlflow/server-info', {})).body as Record<string, boolean>;
    expect(await info()).toMatchObject({ multipart_uploads_enabled: false, multipart_downloads_enabled: false });
    expect((await begin({})).direct).toBe(false);
    await server.restart({ S3_PUBLIC_ENDPOINT: s3.env['S3_ENDPOINT']! });
    expect(await info()).toMatchObject({ multipart_uploads_enabled: true, multipart_downloads_enabled: true });
    const upload = await begin({ sha256 });
    expect(upload.direct).toBe(true);
    for (const part of upload.parts) expect((await fetch(part.url, { method: 'PUT', body: partOf(part) })).status).toBe(200);
    expect(await post(`/v1/uploads/${upload.id}/complete`, {})).toMatchObject({ status: 200, body: { sha256 } });
    await server.restart({ S3_PUBLIC_ENDPOINT: 'off' });
    expect((await mpu('create', await aRun(), { num_parts: 1 })).status).toBe(501);
  });
});
