import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, checkInvariants, uniqueName, until, type Client, type Server } from '#testing';
import { answers, startListener, toEvent, verify, type Arrival, type Listener } from '../medium/webhooks-listener.js';
import { sayAll } from './domains.js';
import { following, FOLLOW, residentMb, type Sequenced } from './log-readers.js';
import { SseReader, stopReaders } from './sse-reader.js';
import { inEachTopology } from './topologies.js';
import { webhooksKit } from './webhooks-kit.js';

const CREATED =
  'query ($after: String!) { events(first: 1000, after: $after, types: ["experiment.created"]) { sequence subject } }';
const UPDATED = 'query ($after: String!) { events(first: 1000, after: $after, types: ["experiment.updated"]) { id subject } }';
const DISABLED = '{ events(first: 1000, types: ["webhook.disabled"]) { data } }';

interface Said extends Sequenced {
  readonly subject: string;
}

/** Readers that take nothing; events until they are stalled, 6 MB each; and what passes then, 12 MB each. */
const SILENT = 20;
const FILL = 1500;
const EVENTS = 3000;
const NAME_LENGTH = 4000;
/** A server that kept for its readers what they do not take would grow by 240 MB. */
const FLAT_MB = 128;

/** A receiver that lets the first call be, or does this with it, and takes the others. */
const firstly =
  (first: Listener['answer']): Listener['answer'] =>
  (response, nth) =>
    (nth === 1 ? first : answers(200))(response, nth);
const idsOf = (calls: readonly Arrival[]) => calls.map(({ headers }) => String(headers['webhook-id']));
const seconds = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;

inEachTopology((start) => {
  let server: Server;
  let client: Client;
  const listeners: Listener[] = [];
  const kit = webhooksKit(
    () => server,
    () => client,
  );
  beforeAll(async () => {
    server = await start({ TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8' });
    client = server.client();
  });
  afterAll(async () => {
    stopReaders();
    for (const each of listeners.splice(0)) each.close();
    await server?.stop();
  });

  /** A receiver with a webhook about one experiment. */
  async function receiving(answer: Listener['answer']) {
    const listener = await startListener(answer);
    listeners.push(listener);
    const experimentId = await kit.anExperiment();
    return { listener, experimentId, ...(await kit.hook(listener, experimentId)) };
  }
  /** Why a webhook was turned off, as the log says it. */
  async function offBecause(webhookId: string): Promise<string[]> {
    const { events } = await client.query<{ events: { data: { webhookId: string; reason: string } }[] }>(DISABLED);
    return events.filter(({ data }) => data.webhookId === webhookId).map(({ data }) => data.reason);
  }

  describe('R42: a reader of the log that was cut off', () => {
    test('by kill -9 of the API, twice, in the middle of what is said, goes on without gap or duplicate', async () => {
      const [bySse, bySocket]: [string[], string[]] = [[], []];
      for (let cut = 0; cut < 2; cut++) {
        const readers = await following(server, bySse, bySocket);
        const writing = (async () => {
          for (;;) await kit.anExperiment();
        })();
        const cutOff = writing.catch((error: unknown) => error);
        await until('both hear', async () => readers.heard() >= 5);
        await server.kill9('api');
        expect(await cutOff).toBeInstanceOf(Error);
        await server.start();
        readers.keep();
        await kit.anExperiment();
      }
      const readers = await following(server, bySse, bySocket);
      const subject = `experiment/${await kit.anExperiment()}`;
      const said = async (after: string) => (await client.query<{ events: Said[] }>(CREATED, { after })).events;
      const last = await until('the last is in the log', async () =>
        (await said(bySse.at(-1)!)).find((event) => event.subject === subject),
      );
      await until('both have come so far', async () => readers.last().every((each) => each === last.sequence));
      readers.keep();
      for (const heard of [bySse, bySocket])
        expect(heard).toEqual((await said(String(Number(heard[0]) - 1))).map(({ sequence }) => sequence));
    }, 90_000);

    test('for longer than the log reaches back is told RESYNC, and goes on from there', async () => {
      const [first] = [await kit.anExperiment(), await kit.anExperiment()];
      const [row] = await until('it is in the log', async () => {
        const found = 'select sequence from event_log where subject = $1 and sequence is not null';
        const rows = await ask<Sequenced>(server.databaseUrl, found, [`experiment/${first}`]);
        return rows.length > 0 && rows;
      });
      const edge = String(Number(row!.sequence) - 1);
      const prune = (through: string) => ask(server.databaseUrl, 'update relay_state set pruned_through = $1', [through]);
      await prune(edge);
      try {
        const sse = new SseReader(server, '?types=experiment.created&after=1');
        await until('it is told, and what there is', async () => sse.frames.length >= 3);
        expect(sse.frames[0]).toMatchObject({ event: 'RESYNC', id: edge, data: { code: 'RESYNC' } });
        expect(sse.frames[1]!.id).toBe(row!.sequence);
        sse.stop();
        const socket = await client.socket();
        const { errors } = await socket.run(FOLLOW, { after: '1' });
        expect(errors).toMatchObject([{ extensions: { code: 'RESYNC' } }]);
        const again = socket.start<Sequenced>(FOLLOW, { after: edge }).values;
        await until('it goes on', async () => again[0]?.sequence === row!.sequence);
        socket.drop();
      } finally {
        await prune('0');
      }
    });
  });

  describe('receivers and readers in trouble', { concurrent: true, timeout: 120_000 }, () => {
    test('R43: readers that take nothing are dropped, the memory of the API stays flat, and each goes on by its last id', async () => {
      const silent = Array.from({ length: SILENT }, () => new SseReader(server, '?types=dataset.created', { silent: true }));
      const live = new SseReader(server, '?types=dataset.created');
      for (const reader of [...silent, live]) await reader.opened();
      const names = Array.from({ length: FILL + EVENTS }, (_, nth) => `${nth}-${'x'.repeat(NAME_LENGTH)}`);
      const passed = async (from: number, to: number) => {
        const said = names.slice(from, to).map((named) => {
          const datasetId = `dst_${uniqueName('silent')}`;
          return { subject: { kind: 'dataset', id: datasetId }, data: { datasetId, name: named, project: '/' } };
        });
        await sayAll(server, 'dataset.created', said, 100);
        await until('who reads has heard all', async () => live.count() >= to, 60_000, 200);
      };
      // What sockets hold, and what the server reads at a time, is there before it is measured.
      await passed(0, FILL);
      const before = await residentMb(server.pid);
      await passed(FILL, FILL + EVENTS);
      expect((await residentMb(server.pid)) - before).toBeLessThan(FLAT_MB);
      const held = async () => (await Promise.all(silent.map((reader) => reader.isHeld()))).includes(true);
      await until('the others are dropped', async () => !(await held()), 60_000, 200);
      const [one] = silent;
      one!.read();
      await until('it has what the sockets held', async () => one!.ended);
      const taken = one!.frames;
      expect(taken.length).toBeLessThan(names.length);
      const rest = new SseReader(server, '?types=dataset.created', { headers: { 'last-event-id': taken.at(-1)!.id } });
      await until('it has the rest', async () => taken.length + rest.count() >= names.length);
      expect([...taken, ...rest.frames].map(({ data }) => data.data['name'])).toEqual(names);
    });

    test.each([
      ['never answers', (() => undefined) as Listener['answer'], { status: null, error: /no answer within 30 s/ }, 29_900],
      [
        'answers after 20 s',
        ((...call) => void setTimeout(answers(200), 20_000, ...call)) as Listener['answer'],
        { status: 200 },
        19_900,
      ],
    ] as const)('R27: a receiver that %s', async (_what, first, outcome, least) => {
      const { id, secret, experimentId, listener } = await receiving(firstly(first));
      await kit.change(experimentId);
      const { tries, eventId } = await kit.tried(id, 1, 60_000);
      expect(tries[0]!.status).toBe(outcome.status);
      if ('error' in outcome) expect(tries[0]!.error).toMatch(outcome.error);
      expect(tries[0]!.ms).toBeGreaterThan(least);
      await kit.waitsPass(id);
      await kit.delivered(id);
      expect(new Set(idsOf(listener.calls))).toEqual(new Set([eventId]));
      expect(listener.calls).toHaveLength(outcome.status === 200 ? 1 : 2);
      for (const arrival of listener.calls) expect(verify(arrival, secret)).toMatchObject({ id: eventId });
    });

    test('R27: 500 three times, then 200: four tries with rising waits under one webhook-id', async () => {
      const { id, secret, experimentId, listener } = await receiving((...call) => answers(call[1] <= 3 ? 500 : 200)(...call));
      await kit.change(experimentId);
      await kit.tried(id, 2);
      await kit.waitsPass(id);
      const third = await kit.tried(id, 3);
      // The first wait was waited for, the second cut short; the third is read.
      expect(seconds(third.tries[0]!.at, third.tries[1]!.at)).toBeGreaterThan(0.7);
      expect(seconds(third.tries[2]!.at, third.nextAt!)).toBeGreaterThan(20);
      await kit.waitsPass(id);
      const [delivery] = await kit.delivered(id);
      expect(delivery!.tries.map(({ number, status }) => [number, status])).toEqual([
        [1, 500],
        [2, 500],
        [3, 500],
        [4, 200],
      ]);
      expect(idsOf(listener.calls)).toEqual(Array.from({ length: 4 }, () => delivery!.eventId));
      expect(new Set(listener.calls.map(({ body }) => body)).size).toBe(1);
      for (const arrival of listener.calls) expect(verify(arrival, secret)).toMatchObject({ id: delivery!.eventId });
    });

    test.each([
      [
        'resets the connection',
        ((response) => response.socket!.resetAndDestroy()) as Listener['answer'],
        null,
        /hang up|reset/i,
        0,
      ],
      ['redirects', answers(301, { location: 'http://127.0.0.1:9/' }), 301, /301/, 0],
      ['asks for an hour', answers(429, { 'retry-after': '3600' }), 429, /429/, 3590],
    ] as const)(
      'R27: a receiver that %s is asked again under the same webhook-id',
      async (_what, first, status, error, least) => {
        const { id, experimentId, listener } = await receiving(firstly(first));
        await kit.change(experimentId);
        const delivery = await kit.tried(id, 1);
        expect(delivery.tries[0]).toMatchObject({ number: 1, status, error: expect.stringMatching(error) });
        if (least > 0) expect(seconds(delivery.tries[0]!.at, delivery.nextAt!)).toBeGreaterThan(least);
        await kit.waitsPass(id);
        await kit.delivered(id);
        expect(idsOf(listener.calls)).toEqual([delivery.eventId, delivery.eventId]);
      },
    );

    test('R27: 410 turns its webhook off at once, with an event, and nothing is tried again', async () => {
      const { id, experimentId, listener } = await receiving(answers(410));
      await kit.change(experimentId);
      await kit.isOff(id);
      expect(await kit.deliveriesOf(id)).toMatchObject([{ state: 'FAILED', attempts: 1, lastStatus: 410 }]);
      await until('the log says so', async () => (await offBecause(id)).length > 0);
      expect(await offBecause(id)).toEqual(['the receiver answered 410: it is gone for good']);
      expect(listener.calls).toHaveLength(1);
    });

    test('R28: a receiver that is away for four days is off, with an event; a replay by range brings all, in the order of sequence', async () => {
      const told = new SseReader(server, '?types=webhook.disabled');
      await told.opened();
      const { id, experimentId, listener } = await receiving(answers(503, { 'retry-after': '3600' }));
      await kit.change(experimentId, 3);
      const first = await kit.tried(id, 1);
      await until('the others wait', async () => (await kit.deliveriesOf(id)).length === 3);
      await kit.triedFor(id, '4 days');
      await kit.waitsPass(id);
      await kit.isOff(id);
      const frame = await until('it is told', async () => told.frames.find(({ data }) => data.data['webhookId'] === id));
      expect(frame.data.data['reason']).toBe('nothing has reached the receiver for 3 days; at last: the receiver answered 503');
      told.stop();
      await kit.change(experimentId, 2);
      const all = await until('the log tells of all', async () => {
        const { events } = await client.query<{ events: { id: string; subject: string }[] }>(UPDATED, {
          after: String(Number(first.sequence) - 1),
        });
        const mine = events.filter(({ subject }) => subject === `experiment/${experimentId}`);
        return mine.length === 5 && mine.map((event) => event.id);
      });
      listener.answer = answers(200);
      await expect(kit.replay(id, { fromSequence: first.sequence })).rejects.toMatchObject({ code: 'CONFLICT' });
      await kit.turnOn(id);
      await until('what waited has ended', async () => (await kit.deliveriesOf(id)).every(({ state }) => state !== 'PENDING'));
      const before = listener.calls.length;
      expect(await kit.replay(id, { fromSequence: first.sequence })).toBe(5);
      const again = listener.calls.slice(before);
      expect(idsOf(again)).toEqual(all);
      const sequences = again.map((arrival) => String(toEvent(arrival)['sequence']));
      expect(sequences).toEqual(sequences.toSorted());
      expect(idsOf(listener.calls.slice(0, before)).every((each) => all.includes(each))).toBe(true);
    });

    test('R38: after more tries and two replays, one id has never had two contents', async () => {
      const { id, experimentId, listener } = await receiving((...call) => answers(call[1] % 2 === 1 ? 500 : 200)(...call));
      await kit.change(experimentId, 3);
      const deliveries = await kit.delivered(id, 3);
      listener.answer = answers(200);
      expect(await kit.replay(id, { fromSequence: deliveries[0]!.sequence })).toBe(3);
      expect(await kit.replay(id, { ids: deliveries.map((delivery) => delivery.id) })).toBe(3);
      const byId = Map.groupBy(listener.calls, ({ headers }) => headers['webhook-id']);
      expect([...byId.keys()].sort()).toEqual(deliveries.map(({ eventId }) => eventId).sort());
      for (const calls of byId.values()) {
        expect(calls).toHaveLength(4);
        expect(new Set(calls.map(({ body }) => body)).size).toBe(1);
      }
    });
  });

  test('every invariant holds in the end', () => checkInvariants(server.databaseUrl, 60_000));
});
