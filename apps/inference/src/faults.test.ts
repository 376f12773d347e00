import type { Signature } from '#contracts';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestNode, until } from './testing-node.js';
import { caller, inputsOf, penguins, revisionOf, TOKEN, trainPenguins } from './testing.js';

const node = new TestNode();
const table = penguins();
let signature: Signature;

beforeAll(async () => {
  const trained = await trainPenguins();
  ({ signature } = trained);
  await node.start();
  node.control.addBlob(trained.onnx);
  node.control.publish([revisionOf(trained)], [caller()]);
  await until(async () => (await node.get('/v2/models/penguins/ready')).status === 200);
});

afterAll(() => node.stop());

/** One good request, with its first input changed. */
function withInput(change: object): unknown {
  const [first, ...others] = inputsOf(signature, table, [0, 1]);
  return { inputs: [{ ...first, ...change }, ...others] };
}

describe('a fault of the caller', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['bad JSON', () => '{"inputs": [', /JSON object/],
    ['an array', () => '[]', /JSON object/],
    ['no inputs', () => ({}), /inputs must be an array/],
    ['an overflowing shape', () => withInput({ shape: [1000000000000000000, 4] }), /too large|whole numbers/],
    ['a shape that the data do not fill', () => withInput({ shape: [3, 1] }), /got 2 elements, expected 3/],
    ['rows that differ', () => withInput({ shape: [1, 1], data: ['Biscoe'] }), /rows/],
    ['an unknown input', () => withInput({ name: 'nose' }), /unknown input "nose"/],
    ['a missing input', () => ({ inputs: inputsOf(signature, table, [0]).slice(1) }), /missing/],
    ['a wrong type', () => withInput({ datatype: 'FP32' }), /datatype/],
    ['a wrong element', () => withInput({ data: [1, 2] }), /expected a string/],
    ['an unknown output', () => ({ ...(withInput({}) as object), outputs: [{ name: 'x' }] }), /unknown output "x"/],
    ['an output twice', () => ({ ...(withInput({}) as object), outputs: [{ name: 'label' }, { name: 'label' }] }), /twice/],
    ['an id that is no string', () => ({ ...(withInput({}) as object), id: 5 }), /id must be a string/],
    ['a flag that is none', () => ({ ...(withInput({}) as object), parameters: { binary_data_output: 1 } }), /true or false/],
  ])('is 400 for %s', async (_, body, message) => {
    const reply = await node.infer(body());
    expect(reply).toMatchObject({ status: 400, body: { error: expect.stringMatching(message) } });
    expect(Object.keys(reply.body)).toEqual(['error']);
  });

  it('is 400 for header lengths that do not fit', async () => {
    for (const length of ['x', '-1', '99999', '0', '1e3'])
      expect((await node.infer(withInput({}), 'penguins', { 'inference-header-content-length': length })).status).toBe(400);
  });

  it('has a status of its own for path, method and content type', async () => {
    const auth = { authorization: `Bearer ${TOKEN}` };
    expect((await node.infer(withInput({}), 'nothing')).status).toBe(404);
    expect((await node.infer(withInput({}), '%ff')).status).toBe(400);
    expect((await node.get('/v2/models/penguins/versions/2')).status).toBe(404);
    expect((await node.get('/v2/models/penguins/nothing')).status).toBe(404);
    const wrong = await node.get('/v2/models/penguins/infer');
    expect(wrong).toMatchObject({ status: 405, body: { error: expect.any(String) } });
    expect(wrong.headers.get('allow')).toBe('POST');
    const posted = await node.send('DELETE', '/v2', undefined, auth);
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await node.infer(withInput({}), 'penguins', { 'content-type': 'text/xml' })).status).toBe(415);
    expect((await node.infer(withInput({}), 'penguins', { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('fails alone among others', async () => {
    const good = () => node.infer(withInput({}));
    const bad = () => node.infer(withInput({ data: [1, 2] }));
    const replies = await Promise.all([good(), bad(), good(), bad(), good()]);
    expect(replies.map(({ status }) => status)).toEqual([200, 400, 200, 400, 200]);
  });
});

/** What the server says to raw bytes; resolves when it has answered. */
function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(node.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('a body that is too large', () => {
  const start = `POST /v2/models/penguins/infer HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n`;

  it('is refused by its Content-Length at once', async () => {
    const answer = await raw(`${start}content-length: ${8 * 2 ** 30}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*"error"/s);
    expect(await raw(`${start}expect: 100-continue\r\ncontent-length: ${8 * 2 ** 30}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413/);
  });

  it('is refused while it comes when its length is not known', async () => {
    const piece = 'x'.repeat(2 ** 20);
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(new TextEncoder().encode(piece));
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    const init = { method: 'POST', body, duplex: 'half', headers: { authorization: `Bearer ${TOKEN}` } } as const;
    const response = await fetch(`${node.url}/v2/models/penguins/infer`, init);
    expect(response.status).toBe(413);
    await response.body!.cancel();
  });

  it('is asked for with 100 Continue when it is not', async () => {
    expect(await raw(`${start}expect: 100-continue\r\ncontent-length: 5\r\n\r\n`)).toMatch(/^HTTP\/1\.1 100 Continue/);
  });

  it('is no HTTP at all: 400 in JSON', async () => {
    expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request.*\{"error":/s);
  });
});

describe('callers that hang up', () => {
  it('cost nobody else an answer', async () => {
    const { hostname, port } = new URL(node.url);
    const text = JSON.stringify(withInput({}));
    const head = `POST /v2/models/penguins/infer HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-length: ${text.length}\r\n\r\n`;
    const hangUp = (sent: string) =>
      new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.write(head + sent, () => socket.destroy()));
        socket.once('close', () => resolve());
      });
    const others = Array.from({ length: 20 }, () => node.infer(withInput({})));
    await Promise.all(Array.from({ length: 100 }, (_, index) => hangUp(index % 2 ? text : text.slice(0, 50))));
    expect((await Promise.all(others)).every(({ status }) => status === 200)).toBe(true);
    expect((await node.infer(withInput({}))).status).toBe(200);
  });
});
