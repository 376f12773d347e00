import { parsePredictionId, type DesiredRevision } from '#contracts';
import { loadOnnx, predictRows } from '#engine-onnx';
import { newId } from '#kernel';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { TestNode, until } from './testing-node.js';
import { caller, inputsOf, penguins, revisionOf, TOKEN, trainPenguins, type TrainedModel } from './testing.js';

const table = penguins();
let models: TrainedModel[];
let node: TestNode;

beforeAll(async () => {
  models = [await trainPenguins(8), await trainPenguins(12)];
});

beforeEach(async () => {
  node = new TestNode();
  await node.start();
  for (const { onnx } of models) node.control.addBlob(onnx);
});

afterEach(() => node.stop());

function body(rows: readonly number[] = [0]): unknown {
  return { inputs: inputsOf(models[0]!.signature, table, rows) };
}

async function servedRevision(): Promise<string | undefined> {
  const { headers } = await node.infer(body());
  return parsePredictionId(headers.get('tailrace-prediction-id') ?? '')?.revisionId;
}

async function serve(revision: DesiredRevision): Promise<void> {
  node.control.publish([revision], [caller()]);
  await until(() => node.control.observed(revision.revisionId));
}

describe('many requests at once', () => {
  it('gives each its own answer', async () => {
    await serve(revisionOf(models[0]!));
    const reference = await loadOnnx(models[0]!.onnx);
    const requests = Array.from({ length: 64 }, (_, index) =>
      Array.from({ length: 1 + ((index * 7) % 19) }, (_, row) => (index * 31 + row * 5) % table.rows),
    );
    const replies = await Promise.all(requests.map((rows) => node.infer(body(rows))));
    for (const [index, { status, body: answer }] of replies.entries()) {
      expect(status).toBe(200);
      const expected = await predictRows(reference, models[0]!.signature, table, requests[index]!);
      const [label, probabilities] = answer['outputs'] as unknown as { data: unknown[] }[];
      expect(label!.data).toEqual(expected.labels);
      expect(probabilities!.data.length).toBe(expected.probabilities.length);
      probabilities!.data.forEach((value, at) => expect(value).toBeCloseTo(expected.probabilities[at]!, 5));
    }
    const ids = replies.map(({ headers }) => headers.get('tailrace-prediction-id'));
    expect(new Set(ids).size).toBe(64);
    await reference.close();
  });
});

describe('a new desired revision', () => {
  it('takes over under load without a failure', async () => {
    const revisions = [revisionOf(models[0]!), revisionOf(models[1]!, { modelVersion: 2 })];
    await serve(revisions[0]!);
    const seen: string[] = [];
    const over = new AbortController();
    const clients = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) {
        const { status, body: answer, headers } = await node.infer(body([seen.length % table.rows]));
        expect(status).toBe(200);
        const { revisionId } = parsePredictionId(headers.get('tailrace-prediction-id')!)!;
        expect(answer['model_version']).toBe(revisionId === revisions[0]!.revisionId ? '1' : '2');
        seen.push(revisionId);
      }
    });
    for (const revision of [revisions[1]!, revisions[0]!, revisions[1]!]) {
      const before = seen.length;
      await serve(revision);
      await until(() => seen.length > before + 50 && seen.at(-1) === revision.revisionId);
    }
    over.abort();
    await Promise.all(clients);
    expect(await servedRevision()).toBe(revisions[1]!.revisionId);
    expect((await node.get('/v2/models/penguins/versions/1')).status).toBe(404);
  });

  it('leaves the old one serving when it cannot be loaded, also after a restart', async () => {
    const good = revisionOf(models[0]!);
    await serve(good);
    const broken = new TextEncoder().encode('no model at all');
    node.control.addBlob(broken);
    const bad = revisionOf({ onnx: broken, signature: models[0]!.signature }, { modelVersion: 2 });
    await serve(bad);
    expect(node.control.observed(bad.revisionId)).toMatchObject({ state: 'failed', reason: expect.stringContaining('ONNX') });
    expect(await servedRevision()).toBe(good.revisionId);
    await node.stopNode();
    node.control.reports.length = 0;
    await node.startNode();
    await until(() => node.control.observed(bad.revisionId));
    expect(await servedRevision()).toBe(good.revisionId);
  });

  it('fails for a model that does not do what its signature says, and for a blob that is gone', async () => {
    const signature = structuredClone(models[0]!.signature);
    signature.outputs[0]!.name = 'nothing';
    const wrong = revisionOf({ ...models[0]!, signature });
    await serve(wrong);
    expect(node.control.observed(wrong.revisionId)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('"nothing"'),
    });
    expect((await node.infer(body())).status).toBe(503);
    expect((await node.get('/v2/models/penguins/ready')).body).toEqual({ name: 'penguins', ready: false });
    const gone = revisionOf(models[0]!, { onnx: 'a'.repeat(64) });
    await serve(gone);
    expect(node.control.observed(gone.revisionId)?.state).toBe('failed');
  });

  it('overtakes an older one that is still loading', async () => {
    node.control.blobDelay = 300;
    const [slow, next] = [revisionOf(models[0]!), revisionOf(models[1]!)];
    node.control.publish([slow], [caller()]);
    await until(() => node.control.fetched.length);
    await serve(next);
    expect(await servedRevision()).toBe(next.revisionId);
    expect(node.control.reports.some(({ revisions }) => revisions.some(({ revisionId }) => revisionId === slow.revisionId))).toBe(
      false,
    );
  });

  it('ends when its endpoint vanishes, and callers lose their right at once', async () => {
    const revision = revisionOf(models[0]!);
    await serve(revision);
    node.control.publish([revision], []);
    await until(async () => (await node.infer(body())).status === 401);
    node.control.publish([], [caller()]);
    await until(async () => (await node.infer(body())).status === 404);
    await until(async () => (await readdir(node.cacheFolder)).every((name) => !name.endsWith('.onnx')));
  });
});

describe('without a control plane', () => {
  it('serves on, and after a restart serves from the cache', async () => {
    const revision = revisionOf(models[0]!);
    await serve(revision);
    const { nodeId } = node.control.reports[0]!;
    await node.control.stop();
    expect(await servedRevision()).toBe(revision.revisionId);
    await node.stopNode();
    await node.startNode();
    await until(async () => (await node.get('/v2/health/ready')).status === 200);
    expect(await servedRevision()).toBe(revision.revisionId);
    expect(parsePredictionId((await node.infer(body())).headers.get('tailrace-prediction-id')!)?.nodeId).toBe(nodeId);
    expect((await stat(join(node.cacheFolder, 'state.json'))).mode & 0o777).toBe(0o600);
  });

  it('does not trust a cached model that was changed', async () => {
    const revision = revisionOf(models[0]!);
    await serve(revision);
    await node.stopNode();
    const path = join(node.cacheFolder, `${revision.onnx}.onnx`);
    await writeFile(path, 'changed');
    await node.startNode();
    await until(async () => (await servedRevision()) === revision.revisionId);
    expect(node.control.fetched.length).toBe(2);
    expect(await readFile(path)).toEqual(Buffer.from(models[0]!.onnx));
  });

  it('is not ready, and knows nobody, when it never had one', async () => {
    await node.stopNode();
    await node.control.stop();
    await node.startNode();
    expect(await node.get('/v2/health/ready')).toMatchObject({ status: 400, body: { ready: false } });
    expect((await node.get('/readyz')).status).toBe(503);
    expect((await node.infer(body())).status).toBe(401);
  });

  it('reads the service token again when it was renewed', async () => {
    node.control.token = newId('token');
    await node.writeToken(node.control.token);
    const revision = revisionOf(models[0]!);
    await serve(revision);
    expect(await servedRevision()).toBe(revision.revisionId);
  });
});

describe('stop', () => {
  it('answers what has begun', async () => {
    await serve(revisionOf(models[0]!));
    const text = JSON.stringify(body());
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-length': text.length };
    const request = httpRequest(`${node.url}/v2/models/penguins/infer`, { method: 'POST', headers });
    const status = new Promise<number | undefined>((resolve, reject) => {
      request.once('response', (response) => resolve(response.resume().statusCode)).once('error', reject);
    });
    request.write(text.slice(0, 10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = node.stopNode();
    await new Promise((resolve) => setTimeout(resolve, 100));
    request.end(text.slice(10));
    expect(await status).toBe(200);
    await stopped;
  });
});
