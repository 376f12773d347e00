import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GuardedClient } from './guarded-client.js';
import { sendWebhook } from './send-webhook.js';

const LOCAL = ['127.0.0.0/8'];
const body = Buffer.from('{"a":"é"}');

let server: Server;
let port: number;
let seen: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  seen = [];
  answer = (_request, response) => void response.end('thanks');
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host}`);
    request.resume().once('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const url = (host = '127.0.0.1', path = '/hook') => `http://${host}:${port}${path}`;
const named = (allow: readonly string[], ...addresses: string[]) =>
  new GuardedClient(allow, {
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  });

describe('the guarded client', () => {
  test('posts to an allowed address, and by name to one that is permitted', async () => {
    expect(await new GuardedClient(LOCAL).post(url(), {}, body)).toEqual({ status: 200, body: 'thanks' });
    expect((await named(LOCAL, '127.0.0.1').post(url('receiver.test'), {}, body)).status).toBe(200);
    expect(seen).toEqual([`POST /hook 127.0.0.1:${port}`, `POST /hook receiver.test:${port}`]);
  });

  test.each([
    ['a private address', LOCAL, ['10.0.0.1']],
    ['loopback that is not allowed', ['10.0.0.0/8'], ['127.0.0.1']],
    ['loopback in IPv6 clothes', ['10.0.0.0/8'], ['::ffff:127.0.0.1']],
    ['one private address among others', LOCAL, ['127.0.0.1', '169.254.169.254']],
    ['a public address, by plain HTTP', LOCAL, ['1.1.1.1']],
    ['no address', LOCAL, []],
  ])('a name that stands for %s is refused, and nothing is sent', async (_what, allow, addresses) => {
    await expect(named(allow, ...addresses).post(url('receiver.test'), {}, body)).rejects.toThrow(/refused|no address/);
    expect(seen).toEqual([]);
  });

  test('a name is resolved once: what it stands for later changes nothing', async () => {
    let times = 0;
    const client = new GuardedClient(LOCAL, {
      resolve: async () => [{ address: times++ === 0 ? '127.0.0.1' : '10.0.0.1', family: 4 }],
    });
    expect((await client.post(url('flips.test'), {}, body)).status).toBe(200);
    await expect(client.post(url('flips.test'), {}, body)).rejects.toThrow('refused');
    expect(times).toBe(2);
  });

  test('the far end of the socket is judged too', async () => {
    const client = new GuardedClient(LOCAL);
    let asked = 0;
    // As if the connection had led elsewhere than to the address that was judged.
    Object.assign(client.rules, { permits: () => ++asked <= 2 });
    await expect(client.post(url(), {}, body)).rejects.toThrow('refused');
    expect(seen).toEqual([]);
  });

  test.each([301, 302, 307, 308])('a redirect by %i is an answer, and is not followed', async (status) => {
    answer = (_request, response) => void response.writeHead(status, { location: url('127.0.0.1', '/inner') }).end();
    expect((await new GuardedClient(LOCAL).post(url(), {}, body)).status).toBe(status);
    expect(seen).toHaveLength(1);
  });

  test('an endless answer is read to 4 KB', async () => {
    answer = (_request, response) => {
      const more = () => void (response.destroyed || (response.write('x'.repeat(50_000)), setImmediate(more)));
      more();
    };
    const reply = await new GuardedClient(LOCAL).post(url(), {}, body);
    expect(reply).toEqual({ status: 200, body: 'x'.repeat(4096) });
  });

  test('a receiver that says nothing has its time, and one that breaks off its body has answered', async () => {
    answer = () => undefined;
    const client = new GuardedClient(LOCAL, { timeoutMs: 200 });
    await expect(client.post(url(), {}, body)).rejects.toThrow('no answer within 0.2 s');
    answer = (_request, response) => void response.write('half');
    expect(await client.post(url(), {}, body)).toEqual({ status: 200, body: 'half' });
    const deaf = new GuardedClient(LOCAL, { timeoutMs: 200, resolve: () => new Promise(() => undefined) });
    await expect(deaf.post(url('slow.test'), {}, body)).rejects.toThrow('no answer within 0.2 s');
  });

  test('a try that fails says why and throws nothing', async () => {
    const parcel = { form: 'mlflow', id: 'whd_1', url: 'http://127.0.0.1:9/', secrets: [], bearer: null, payload: '{}' } as const;
    expect(await sendWebhook(new GuardedClient(LOCAL), parcel)).toMatchObject({ status: null, error: /ECONNREFUSED/ });
    expect(await sendWebhook(new GuardedClient([]), parcel)).toMatchObject({ status: null, error: /scheme/ });
  });
});
