import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TailraceClient } from './tailrace-client.js';
import { sendInParts } from './upload-file.js';

it('asks for a new address of the object store when the time of one is over, and sends it no token', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tailrace-upload-'));
  const file = join(dir, 'file');
  await writeFile(file, 'abcdefg');
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const upload = (key: string) => ({
      id: 'upl_1',
      parts: [0, 1].map((n) => ({
        number: n + 1,
        offset: n * 4,
        size: n ? 3 : 4,
        received: false,
        url: `${at}/store/${n}?${key}`,
      })),
    });
    seen.push(`${request.method} ${request.url}${request.headers.authorization ? ' token' : ''} ${body.slice(0, 10)}`.trim());
    const over = request.url!.endsWith('?old') && request.url!.includes('/store/1');
    response.statusCode = over ? 403 : 200;
    if (request.url === '/v1/uploads') response.end(JSON.stringify(upload('old')));
    else if (request.url === '/v1/uploads/upl_1') response.end(JSON.stringify(upload('new')));
    else response.end(request.url!.startsWith('/store') ? '' : '{}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const client = new TailraceClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'secret');
  try {
    await sendInParts(client, file, { sha256: 'x', size: 7 });
  } finally {
    server.close();
    await rm(dir, { recursive: true });
  }
  expect(seen[0]).toMatch(/^POST \/v1\/uploads token/);
  expect(seen.slice(1, -1).toSorted()).toEqual([
    'GET /v1/uploads/upl_1 token',
    'PUT /store/0?old abcd',
    'PUT /store/1?new efg',
    'PUT /store/1?old efg',
  ]);
  expect(seen.at(-1)).toBe('POST /v1/uploads/upl_1/complete token {}');
});
