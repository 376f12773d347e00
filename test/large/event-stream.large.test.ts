import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aMember, aToken, uniqueName, until, type Client, type Server } from '#testing';
import { SseReader, stopReaders } from './sse-reader.js';
import { inEachTopology } from './topologies.js';

/** The log by Server-Sent Events. How a reader goes on that was cut off is told among the scenarios of webhooks. */
inEachTopology((start) => {
  let server: Server;
  let client: Client;
  beforeAll(async () => {
    server = await start();
    client = server.client();
  }, 60_000);
  afterAll(async () => {
    stopReaders();
    await server?.stop();
  });

  async function anExperiment(): Promise<string> {
    const create = 'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { userErrors { message } } }';
    const name = uniqueName('streamed');
    await client.mutate(create, { name });
    return name;
  }

  describe('the stream', () => {
    test('tells of what happens as CloudEvents, of the types that are asked for', async () => {
      const stream = new SseReader(server, '?types=experiment.*,model.created');
      await stream.opened();
      expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      await aMember(client, 'viewer');
      const name = await anExperiment();
      await until('it came', async () => stream.frames[0]);
      const [frame] = stream.frames;
      expect(frame).toMatchObject({ event: 'io.tailrace.experiment.created.v1', data: { specversion: '1.0', data: { name } } });
      expect(frame!.data.sequence).toBe(frame!.id.padStart(20, '0'));
    });

    test('goes on after the last id of a reader that was away, whatever else it asks for', async () => {
      const first = new SseReader(server, '?types=experiment.created');
      await first.opened();
      const before = await anExperiment();
      await until('it came', async () => first.frames[0]);
      first.stop();
      const missed = [await anExperiment(), await anExperiment()];
      const headers = { 'last-event-id': first.frames[0]!.id };
      const again = new SseReader(server, '?types=experiment.created&after=0', { headers });
      await until('what it missed came', async () => again.frames.length === 2);
      const live = await anExperiment();
      await until('what happens now came', async () => again.frames.length === 3);
      const names = [...first.frames, ...again.frames].map(({ data }) => data.data['name']);
      expect(names).toEqual([before, ...missed, live]);
    });

    test('ends when its token is revoked', { timeout: 40_000 }, async () => {
      const member = await aMember(client, 'viewer');
      const { token, tokenId } = await aToken(client, member.id);
      const stream = new SseReader(server, '', { token });
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
      const stream = new SseReader(server, query, { headers });
      await stream.opened();
      expect(stream.status).toBe(status);
    });

    test('who reads a project only', async () => {
      const { token } = await aMember(client, 'viewer', { project: '/mine' });
      const stream = new SseReader(server, '', { token });
      await stream.opened();
      expect(stream.status).toBe(403);
    });
  });
});
