import { parsePredictionId, type DesiredRevision, type Signature } from '#contracts';
import { loadOnnx, predictRows, type OnnxModel } from '#engine-onnx';
import { sha256 } from '#kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestNode, until, type Reply } from './testing-node.js';
import { caller, inputsOf, penguins, revisionOf, TOKEN, trainPenguins, type TrainedModel } from './testing.js';

const node = new TestNode();
const table = penguins();
let trained: TrainedModel;
let signature: Signature;
let revision: DesiredRevision;
let reference: OnnxModel;

beforeAll(async () => {
  trained = await trainPenguins();
  ({ signature } = trained);
  reference = await loadOnnx(trained.onnx);
  revision = revisionOf(trained, { modelVersion: 7 });
  await node.start();
  node.control.addBlob(trained.onnx);
  const foreign = revisionOf(trained, { endpointId: 'end_2', endpoint: 'foreign', workspaceId: 'wsp_other' });
  const same = revisionOf(trained, { endpointId: 'end_3', workspaceId: 'wsp_other', modelVersion: 9 });
  const callers = [
    caller(),
    caller({ hash: sha256('expired'), expiresAt: Date.now() - 1000 }),
    caller({ hash: sha256('later'), expiresAt: Date.now() + 60_000 }),
    caller({ hash: sha256('birds'), paths: ['/birds'] }),
    caller({ hash: sha256('reader'), paths: [] }),
    caller({ hash: sha256('bird'), paths: ['/bird', '/birds/of'] }),
    caller({ hash: sha256('other'), workspaceId: 'wsp_other' }),
  ];
  node.control.publish([revision, foreign, same], callers);
  await until(async () => (await node.get('/v2/health/ready')).status === 200);
});

afterAll(async () => {
  await node.stop();
  await reference.close();
});

function outputOf(body: Reply['body'], name: string): { data: unknown[]; shape: number[] } {
  return (body['outputs'] as { name: string; data: unknown[]; shape: number[] }[]).find((output) => output.name === name)!;
}

async function expected(rows: number[], from = table) {
  const { labels, probabilities } = await predictRows(reference, signature, from, rows);
  return { labels: [...labels], probabilities: [...probabilities] };
}

describe('metadata and health', () => {
  it('answers the bodies of the specification', async () => {
    const anonymous = (path: string) => node.send('GET', path, undefined, {});
    expect((await anonymous('/v2/health/live')).body).toEqual({ live: true });
    expect((await anonymous('/v2/health/ready')).body).toEqual({ ready: true });
    expect((await anonymous('/v2')).body).toEqual({ name: 'tailrace', version: '0.1.0', extensions: ['binary_tensor_data'] });
    expect((await anonymous('/livez')).status).toBe(200);
    expect((await anonymous('/readyz')).status).toBe(200);
    expect((await node.get('/v2/models/penguins/ready')).body).toEqual({ name: 'penguins', ready: true });
    expect((await node.get('/v2/models/penguins/versions/7/ready')).body).toEqual({ name: 'penguins', ready: true });
    const text = await (await fetch(`${node.url}/metrics`)).text();
    expect(text).toMatch(/tailrace_http_request_seconds_count\{.*status="2xx"/);
    expect(text).toMatch(/tailrace_inference_revisions(\{.*\})? 3/);
  });

  it('describes the model', async () => {
    const { status, body } = await node.get('/v2/models/penguins');
    expect(status).toBe(200);
    expect(body).toEqual({
      name: 'penguins',
      versions: ['7'],
      platform: 'onnx_onnxv1',
      inputs: signature.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
      outputs: signature.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    });
  });

  it('lists what the caller may use', async () => {
    const post = (body?: string) => node.send('POST', '/v2/repository/index', body, { authorization: `Bearer ${TOKEN}` });
    const mine = [{ name: 'penguins', version: '7', state: 'READY', reason: '' }];
    expect((await post()).body).toEqual(mine);
    expect((await post('{"ready":true}')).body).toEqual(mine);
    expect((await post('[]')).status).toBe(400);
  });
});

describe('infer', () => {
  it('predicts what predictRows predicts, with missing values and an unseen category', async () => {
    const rows = [0, 3, 200, 343];
    const { status, body, headers } = await node.infer({ id: 'mine', inputs: inputsOf(signature, table, rows) });
    expect(status).toBe(200);
    const { labels, probabilities } = await expected(rows);
    expect(outputOf(body, 'label')).toMatchObject({ shape: [4, 1], data: labels });
    outputOf(body, 'probabilities').data.forEach((value, index) => expect(value).toBeCloseTo(probabilities[index]!, 5));
    expect(body).toMatchObject({ model_name: 'penguins', model_version: '7', id: 'mine' });
    const id = headers.get('tailrace-prediction-id')!;
    expect(body['parameters']).toEqual({ prediction_id: id });
    expect(parsePredictionId(id)).toMatchObject({ revisionId: revision.revisionId });
    const strange = { ...table, data: { ...table.data, Island: ['Atlantis'], Sex: [null], 'Body Mass (g)': [null] } };
    const odd = await node.infer({ inputs: inputsOf(signature, strange, [0]) });
    expect(outputOf(odd.body, 'label').data).toEqual((await expected([0], strange)).labels);
    expect(odd.body).not.toHaveProperty('id');
  });

  it('gives the outputs that were asked for, and ignores parameters it does not know', async () => {
    const inputs = inputsOf(signature, table, [1]).map((input) => ({ ...input, parameters: { a: 1 } }));
    const { body } = await node.infer({ id: null, parameters: { a: true }, inputs, outputs: [{ name: 'label' }] });
    expect((body['outputs'] as { name: string }[]).map(({ name }) => name)).toEqual(['label']);
    expect(body).not.toHaveProperty('id');
    const pinned = await node.send(
      'POST',
      '/v2/models/penguins/versions/7/infer',
      JSON.stringify({ inputs: inputsOf(signature, table, [1]) }),
      { authorization: `bearer ${TOKEN}`, 'content-type': 'application/json; charset=utf-8' },
    );
    expect(pinned.status).toBe(200);
  });

  it('keeps workspaces apart that use the same name', async () => {
    const { body } = await node.infer({ inputs: inputsOf(signature, table, [1]) }, 'penguins', { authorization: 'Bearer other' });
    expect(body['model_version']).toBe('9');
  });
});

describe('the binary tensor extension', () => {
  const rows = [0, 3, 7, 100];

  function binaryBody(parameters: object, outputs?: unknown): { body: Buffer; length: number } {
    const raws = inputsOf(signature, table, rows).map(({ datatype, data }) => {
      if (datatype === 'FP64') return Buffer.from(Float64Array.from(data, (cell) => (cell === null ? NaN : Number(cell))).buffer);
      return Buffer.concat(data.map((cell) => lengthPrefixed(String(cell ?? ''))));
    });
    const inputs = signature.inputs.map(({ name, datatype }, index) => ({
      name,
      datatype,
      shape: [rows.length],
      parameters: { binary_data_size: raws[index]!.length },
    }));
    const header = Buffer.from(JSON.stringify({ parameters, inputs, outputs }));
    return { body: Buffer.concat([header, ...raws]), length: header.length };
  }

  async function post({ body, length }: { body: Buffer; length: number }): Promise<{ header: Reply['body']; raw: Buffer }> {
    const response = await fetch(`${node.url}/v2/models/penguins/infer`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: {
        authorization: `Bearer ${TOKEN}`,
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(length),
      },
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const headerLength = Number(response.headers.get('inference-header-content-length') ?? bytes.length);
    expect(response.status).toBe(200);
    return { header: JSON.parse(bytes.subarray(0, headerLength).toString()) as Reply['body'], raw: bytes.subarray(headerLength) };
  }

  it('predicts what JSON predicts', async () => {
    const { body } = await node.infer({ inputs: inputsOf(signature, table, rows) });
    const { header, raw } = await post(binaryBody({}));
    expect(header['outputs']).toEqual(body['outputs']);
    expect(raw.length).toBe(0);
  });

  it('answers raw tensors, all or some', async () => {
    const { labels, probabilities } = await expected(rows);
    const all = await post(binaryBody({ binary_data_output: true }));
    const texts = Buffer.concat(labels.map(lengthPrefixed));
    expect(all.raw.subarray(0, texts.length)).toEqual(texts);
    const floats = (raw: Buffer) => [...new Float32Array(new Uint8Array(raw).buffer)];
    floats(all.raw.subarray(texts.length)).forEach((value, index) => expect(value).toBeCloseTo(probabilities[index]!, 5));
    const asked = [{ name: 'probabilities' }, { name: 'label', parameters: { binary_data: false } }];
    const mixed = await post(binaryBody({ binary_data_output: true }, asked));
    expect(mixed.header['outputs']).toEqual([
      { name: 'probabilities', datatype: 'FP32', shape: [4, 3], parameters: { binary_data_size: 48 } },
      { name: 'label', datatype: 'BYTES', shape: [4, 1], data: labels },
    ]);
    expect(floats(mixed.raw).length).toBe(12);
  });
});

describe('access', () => {
  const get = (token: string, name = 'penguins') => node.get(`/v2/models/${name}`, token);

  it('refuses who is not known, and hides what is not theirs', async () => {
    const nobody = await node.send('GET', '/v2/models/penguins', undefined, {});
    expect(nobody).toMatchObject({ status: 401, body: { error: expect.any(String) } });
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer');
    for (const token of ['expired', 'wrong', 'service-token']) expect((await get(token)).status).toBe(401);
    for (const name of ['penguins', 'nothing']) {
      const reader = await get('reader', name);
      expect(reader).toMatchObject({ status: 403, body: { error: expect.stringContaining('may not predict') } });
      expect(reader.headers.get('www-authenticate')).toBeNull();
    }
    for (const token of ['later', 'birds']) expect((await get(token)).status).toBe(200);
    const missing = await get(TOKEN, 'nothing');
    expect(missing.status).toBe(404);
    expect(await get('bird')).toMatchObject({ status: 404, body: { error: 'there is no model "penguins"' } });
    expect(await get(TOKEN, 'foreign')).toMatchObject({ status: 404, body: { error: 'there is no model "foreign"' } });
    expect((await node.infer({ inputs: [] }, 'penguins', { authorization: 'Bearer expired' })).status).toBe(401);
  });
});

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}
