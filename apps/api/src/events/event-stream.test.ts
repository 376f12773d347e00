import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import type { LoggedEvent } from '#contracts';
import { EventStream } from './event-stream.js';

let made = 0;
afterEach(() => void (made = 0));

/** A log without an end, which counts what was read of it. */
async function* endless(): AsyncGenerator<LoggedEvent> {
  for (;;) {
    made += 1;
    const about = { workspaceId: 'wsp_1', subject: 'model/mdl_1', data: { pad: 'x'.repeat(2000) } };
    const chain = { correlationId: 'c', causationId: null, hops: 0, authId: 'mem_1' };
    yield { id: `evt_${made}`, name: 'model.created', time: new Date(0), sequence: String(made), ...about, ...chain } as never;
  }
}

function streamOf(events: () => AsyncGenerator<LoggedEvent>, mayRead: () => boolean = () => true): EventStream {
  const auth = {
    ctx: async () => (mayRead() ? { principal: { kind: 'system', name: 'test' } } : Promise.reject(new Error('gone'))),
  };
  const log = { checkCursor: async () => undefined };
  const stream = new EventStream(
    { follow: async () => events() } as never,
    log as never,
    auth as never,
    { http: { publicUrl: 'https://tailrace.example' } } as never,
  );
  stream.beatMs = 20;
  stream.stallMs = 100;
  return stream;
}

/** Serves the stream, and gives a client that has the answer and reads nothing of it yet. */
async function served(stream: EventStream): Promise<{ answer: IncomingMessage; close(): void }> {
  const server = createServer(async (raw, response) => {
    response.on('error', () => undefined);
    Readable.from(await stream.open({ ctx: {} as never, raw }, '0', undefined), { objectMode: false }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = await new Promise<IncomingMessage>((resolve) => get(url, resolve));
  answer.on('error', () => undefined);
  return { answer, close: () => server.close() };
}

test('R43: a reader that takes nothing is dropped, nothing is kept for it, and it knows where it was', async () => {
  const { answer, close } = await served(streamOf(endless));
  await vi.waitFor(() => expect(answer.socket.destroyed || answer.socket.readableEnded || made > 0).toBe(true));
  let last = -1;
  await vi.waitFor(
    () => {
      const before = last;
      last = made;
      expect(last).toBe(before);
    },
    { interval: 150, timeout: 5000 },
  );
  // What sockets hold between the two ends, and no more.
  expect(made).toBeLessThan(20_000);
  let text = '';
  answer.setEncoding('utf8').on('data', (part: string) => (text += part));
  await new Promise((resolve) => answer.on('close', resolve));
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  expect(ids).toEqual(ids.map((_, index) => index + 1));
  expect(ids.length).toBeGreaterThan(0);
  close();
});

test('a silent stream beats, and ends when its caller may not read any more', async () => {
  let may = true;
  const silent = () => ({ next: () => new Promise(() => undefined), return: async () => undefined }) as never;
  const { answer, close } = await served(streamOf(silent, () => may));
  let text = '';
  answer.setEncoding('utf8').on('data', (part: string) => (text += part));
  await vi.waitFor(() => expect(text).toMatch(/^retry: 2000\n\n(: beat\n\n)+$/));
  may = false;
  await new Promise((resolve) => answer.on('end', resolve));
  expect(text.endsWith(': beat\n\n')).toBe(true);
  close();
});
