import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aMember, ask, aToken, startPlatform, uniqueName, until, withDatabase, type Client, type Server } from '#testing';

/** The log by Server-Sent Events. */
let server: Server;
let client: Client;
const open: Stream[] = [];
beforeAll(async () => {
  server = await startPlatform();
  client = server.client();
}, 60_000);
afterAll(async () => {
  open.forEach((stream) => stream.stop());
  await server?.stop();
});

interface Frame {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly id: string; readonly type: string; readonly sequence: string; readonly data: Record<string, string> };
}

/** A reader of the stream, which reads what comes as an EventSource does. */
class Stream {
  text = '';
  status: number | undefined;
  headers: Record<string, unknown> = {};
  ended = false;
  private readonly call: ReturnType<typeof request>;

  constructor(query: string, token = server.token, headers: Record<string, string> = {}) {
    this.call = request(new URL(`/v1/events${query}`, server.url), {
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    this.call.on('response', (response) => {
      this.status = response.statusCode;
      this.headers = response.headers;
      response.setEncoding('utf8').on('data', (part: string) => (this.text += part));
      response.on('close', () => (this.ended = true));
    });
    this.call.on('error', () => (this.ended = true));
    this.call.end();
    open.push(this);
  }

  get frames(): Frame[] {
    const whole = this.text.slice(0, this.text.lastIndexOf('\n\n') + 1).split('\n\n');
    return whole.flatMap((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const data = field('data');
      return data ? [{ id: field('id')!, event: field('event')!, data: JSON.parse(data) as Frame['data'] }] : [];
    });
  }

  stop(): void {
    this.call.destroy();
  }

  opened(): Promise<unknown> {
    return until('the stream is open', async () => this.status);
  }
}

async function anExperiment(): Promise<string> {
  const name = uniqueName('streamed');
  await client.mutate(
    'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { userErrors { message } } }',
    {
      name,
    },
  );
  return name;
}
const namesIn = (stream: Stream) => stream.frames.map(({ data }) => data.data['name']);

describe('the stream', () => {
  test('tells of what happens as CloudEvents, of the types that are asked for', async () => {
    const stream = new Stream('?types=experiment.*,model.created');
    await stream.opened();
    expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    await aMember(client, 'viewer');
    const name = await anExperiment();
    await until('it came', async () => stream.frames[0]);
    const [frame] = stream.frames;
    expect(frame).toMatchObject({ event: 'io.tailrace.experiment.created.v1', data: { specversion: '1.0', data: { name } } });
    expect(frame!.data.sequence).toBe(frame!.id.padStart(20, '0'));
  });

  test('R42: a reader that was away goes on after the last id that it has, without gap or duplicate', async () => {
    const first = new Stream('?types=experiment.created');
    await first.opened();
    const before = await anExperiment();
    await until('it came', async () => first.frames[0]);
    first.stop();
    const missed = [await anExperiment(), await anExperiment()];
    const again = new Stream('?types=experiment.created&after=0', server.token, { 'last-event-id': first.frames[0]!.id });
    await until('what it missed came', async () => again.frames.length === 2);
    const live = await anExperiment();
    await until('what happens now came', async () => again.frames.length === 3);
    expect([...namesIn(first), ...namesIn(again)]).toEqual([before, ...missed, live]);
  });

  test('R42: a cursor older than the log is told so, and then what there is', async () => {
    const name = await anExperiment();
    const [{ sequence }] = (await ask<{ sequence: string }>(
      server.databaseUrl,
      "select sequence from event_log where data ->> 'name' = $1",
      [name],
    )) as [{ sequence: string }];
    const prune = (through: string) =>
      withDatabase(server.databaseUrl, (db) => db.query('update relay_state set pruned_through = $1', [through]));
    await prune(String(Number(sequence) - 1));
    try {
      const stream = new Stream('?types=experiment.created&after=1');
      await until('both came', async () => stream.frames.length >= 2);
      const [told, next] = stream.frames;
      expect(told).toMatchObject({ event: 'RESYNC', id: String(Number(sequence) - 1), data: { code: 'RESYNC' } });
      expect(next).toMatchObject({ id: sequence, data: { data: { name } } });
    } finally {
      await prune('0');
    }
  });

  test('ends when its token is revoked', { timeout: 40_000 }, async () => {
    const member = await aMember(client, 'viewer');
    const { token, tokenId } = await aToken(client, member.id);
    const stream = new Stream('', token);
    await stream.opened();
    await client.query('mutation ($id: ID!) { revokeToken(tokenId: $id) { userErrors { message } } }', { id: tokenId });
    await until('it has ended', async () => stream.ended, 30_000);
    expect(stream.status).toBe(200);
  });
});

describe('who may not', () => {
  test.each([
    ['without a token', '', { authorization: '' }, 401],
    ['with a token in the address', '?token=x', { authorization: '' }, 401],
    ['from the page of another origin', '', { origin: 'https://evil.example' }, 403],
    ['by another host', '', { host: 'evil.example' }, 403],
    ['from a cursor that is none', '?after=yesterday', {}, 400],
    ['of a type that there is not', '?types=model.exploded', {}, 400],
    ['with a question that there is not', '?foo=1', {}, 400],
  ] as const)('%s', async (_what, query, headers, status) => {
    const stream = new Stream(query, server.token, headers);
    await stream.opened();
    expect(stream.status).toBe(status);
  });

  test('who reads a project only', async () => {
    const { token } = await aMember(client, 'viewer', { project: '/mine' });
    const stream = new Stream('', token);
    await stream.opened();
    expect(stream.status).toBe(403);
  });
});
