import Fastify, { type FastifyInstance } from 'fastify';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DiskBlobStore } from '#storage';
import { BlobTransfer } from './blob-transfer.js';

const MIB = 2 ** 20;
const content = randomBytes(2 * MIB + 11);

describe('BlobTransfer', () => {
  let dir: string;
  let app: FastifyInstance;
  let base: string;
  let sha256: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tailrace-transfer-'));
    const config = { http: { maxBodyBytes: 8 * MIB } };
    const store = new DiskBlobStore(dir);
    const registry = { keep: store.put.bind(store) };
    const transfer = new BlobTransfer(store, config as never, registry as never);
    app = Fastify({ forceCloseConnections: true });
    app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    app.put('/', { bodyLimit: Number.MAX_SAFE_INTEGER }, (request) => transfer.receive('wsp_a', request));
    app.get<{ Params: { sha: string } }>('/:sha', async (request, reply) => {
      await transfer.send('wsp_a', request.params.sha, reply, 'ä "file".bin');
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    ({ sha256 } = (await (await put(content)).json()) as { sha256: string });
  });
  afterAll(async () => {
    await app.close();
    await rm(dir, { recursive: true });
  });

  const put = (body: Buffer) =>
    fetch(base, { method: 'PUT', body: new Uint8Array(body), headers: { 'content-type': 'application/octet-stream' } });
  const get = (headers: Record<string, string> = {}) => fetch(`${base}/${sha256}`, { headers });
  const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());

  it.each([0, 1, 100_000, 256 * 1024, MIB, 3 * MIB + 1])('takes %i bytes in and gives them back', async (size) => {
    const sent = randomBytes(size);
    const { sha256: sha, size: kept } = (await (await put(sent)).json()) as { sha256: string; size: number };
    expect(kept).toBe(size);
    expect((await bytes(await fetch(`${base}/${sha}`))).equals(sent)).toBe(true);
  });

  it('answers the whole as a download that can be resumed', async () => {
    const response = await get();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${sha256}"`,
      'accept-ranges': 'bytes',
      'content-length': String(content.byteLength),
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-disposition': expect.stringContaining('attachment; filename="_ _file_.bin"'),
    });
    expect((await bytes(response)).equals(content)).toBe(true);
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=10-1048599', 10, 1_048_600],
    ['bytes=2000000-', 2_000_000, content.byteLength],
    ['bytes=5-99999999', 5, content.byteLength],
    ['bytes=-7', content.byteLength - 7, content.byteLength],
    ['bytes=-99999999', 0, content.byteLength],
  ])('answers %s with that part', async (range, start, end) => {
    const response = await get({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${content.byteLength}`);
    expect((await bytes(response)).equals(content.subarray(start, end))).toBe(true);
  });

  it.each([`bytes=${content.byteLength}-`, 'bytes=-0'])('refuses %s with 416 and the size', async (range) => {
    const response = await get({ range });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${content.byteLength}`);
  });

  it.each(['bytes=0-1,4-5', 'bytes=5-4', 'bytes=-', 'lines=0-1', 'bytes=a-b'])('answers %s with the whole', async (range) => {
    const response = await get({ range });
    expect([response.status, (await bytes(response)).byteLength]).toEqual([200, content.byteLength]);
  });

  it('sends the whole when what was begun has changed since', async () => {
    expect((await get({ range: 'bytes=1-', 'if-range': `"${sha256}"` })).status).toBe(206);
    expect((await get({ range: 'bytes=1-', 'if-range': '"other"' })).status).toBe(200);
  });

  it('sends nothing to who has it already', async () => {
    for (const tag of [`"${sha256}"`, `W/"${sha256}"`, `"x", "${sha256}"`, '*']) {
      const response = await get({ 'if-none-match': tag });
      expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([304, `"${sha256}"`, '']);
    }
    expect((await get({ 'if-none-match': '"x"' })).status).toBe(200);
    const unknown = 'f'.repeat(64);
    expect((await fetch(`${base}/${unknown}`, { headers: { 'if-none-match': `"${unknown}"` } })).status).not.toBe(304);
  });

  it('keeps nothing of an upload that the client breaks off, and goes on', async () => {
    const before = (await readdir(join(dir, 'wsp_a'))).length;
    await new Promise<void>((done) => {
      const headers = { 'content-type': 'application/octet-stream', 'content-length': 6 * MIB };
      const request = httpRequest(base, { method: 'PUT', headers });
      request.on('error', () => done());
      request.write(randomBytes(3 * MIB), () => request.destroy(new Error('enough')));
    });
    await vi.waitFor(async () => expect(await readdir(join(dir, 'tmp'))).toEqual([]));
    expect((await readdir(join(dir, 'wsp_a'))).length).toBe(before);
    expect((await get()).status).toBe(200);
  });

  it('goes on after clients that leave in the middle of a download', async () => {
    for (let n = 0; n < 20; n++)
      await new Promise<void>((done) => {
        httpRequest(`${base}/${sha256}`, (response) => response.once('data', () => response.destroy()))
          .on('close', done)
          .end();
      });
    const all = await Promise.all(Array.from({ length: 8 }, async () => bytes(await get())));
    expect(all.every((got) => got.equals(content))).toBe(true);
  });
});
