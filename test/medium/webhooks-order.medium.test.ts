import { Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { GuardedClient, ReplaysService, WebhookMatcher, type NewWebhook } from '#automation';
import { RelayModule } from '#messaging';
import { until } from '#testing';
import { DeliverWebhooksService } from '../../apps/automation/src/deliver-webhooks.service.js';
import { name } from './builders.js';
import { registryKit, type RegistryKit } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';
import { ALLOWED, webhooksKit, type WebhooksKit } from './webhooks-kit.js';
import { answers, startListener, type Listener } from './webhooks-out-kit.js';

/** Thirty seconds of real life are this long here. */
const TIMEOUT_MS = 400;

@Module({
  imports: [RelayModule],
  providers: [
    WebhookMatcher,
    DeliverWebhooksService,
    { provide: GuardedClient, useValue: new GuardedClient(ALLOWED, { timeoutMs: TIMEOUT_MS }) },
  ],
})
class WebhooksRole {}

let stack: Stack;
let ada: Ctx;
let kit: WebhooksKit;
let registry: RegistryKit;
let listener: Listener;
const others: Listener[] = [];
beforeAll(async () => {
  stack = await startStack([WebhooksRole], { TAILRACE_PUBLIC_URL: 'https://tailrace.example/' });
  ada = await stack.member('editor', 'ada');
  kit = webhooksKit(stack, ada);
  registry = registryKit(stack, ada);
});
afterAll(() => stack.close());
beforeEach(async () => void (listener = await startListener()));
afterEach(async () => {
  await stack.rows('delete from webhook');
  for (const each of [listener, ...others.splice(0)]) each.close();
});

async function hook(more: Partial<NewWebhook> = {}): Promise<{ id: string; secret: string }> {
  const input = { name: name('hook'), url: listener.url, form: 'cloudevents', events: ['model.created'], ...more } as const;
  const { id, secret } = await kit.service.create(ada, input, kit.rules);
  return { id, secret: secret! };
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly held: boolean;
  readonly last_status: number | null;
  readonly wait: number;
}
const rowsOf = (webhookId: string) =>
  stack.rows<Row>(
    `select id, state, attempts, held, last_status, extract(epoch from next_at - now())::float as wait from webhook_delivery where webhook_id = $1 order by sequence`,
    [webhookId],
  );
const attemptsOf = (webhookId: string) =>
  stack.rows<{ number: number; status: number | null; ms: number; body: string | null; error: string | null }>(
    'select a.number, a.status, a.ms, a.body, a.error from webhook_attempt a join webhook_delivery d on d.id = a.delivery_id where d.webhook_id = $1 order by d.sequence, a.number',
    [webhookId],
  );
/** The waits of what is not held are over. */
const waitsPass = (webhookId: string) =>
  stack.rows(
    "update webhook_delivery set next_at = now() - interval '1 second' where webhook_id = $1 and state = 'PENDING' and not held and lease is null",
    [webhookId],
  );
const tried = (webhookId: string, times: number) =>
  until(`${times} tries`, async () => {
    const rows = await rowsOf(webhookId);
    return rows[0]?.attempts === times && rows;
  });
const sequences = () => listener.events().map(({ sequence }) => String(sequence));

/** Changes of one model, which are one subject. */
async function changes(count: number): Promise<void> {
  const model = await registry.openModel();
  for (let i = 0; i < count; i++) await registry.changes.update(ada, { name: model }, { tags: { [`key${i}`]: 'value' } });
}

describe('order', () => {
  test('later events of a subject wait behind one that is tried again, and come after it; those of another do not wait', async () => {
    listener.answer = answers(503);
    const { id } = await hook({ events: ['model.*'] });
    await changes(3);
    await kit.matched();
    await tried(id, 1);
    expect((await rowsOf(id)).map(({ held, attempts }) => [held, attempts])).toEqual([
      [false, 1],
      [true, 0],
      [true, 0],
      [true, 0],
    ]);
    listener.answer = answers(200);
    await registry.openModel();
    await until('the other subject has arrived', async () => (await rowsOf(id))[4]?.state === 'DELIVERED');
    expect(listener.calls).toHaveLength(2);
    await waitsPass(id);
    await until('all have arrived', async () => (await rowsOf(id)).every(({ state }) => state === 'DELIVERED'));
    const came = sequences().slice(2);
    expect(came).toHaveLength(4);
    expect(came).toEqual(came.toSorted());
  });

  test('when the window is over they pass it', async () => {
    listener.answer = (response, nth) => answers(nth === 1 ? 500 : 200)(response, nth);
    const { id } = await hook({ events: ['model.*'], orderWindowSeconds: 3600 });
    await changes(1);
    await kit.matched();
    await tried(id, 1);
    await stack.rows("update webhook_delivery set next_at = next_at + interval '1 hour' where webhook_id = $1 and not held", [
      id,
    ]);
    await stack.rows('update webhook_delivery set next_at = now() where webhook_id = $1 and held', [id]);
    await until('the later one has arrived', async () => (await rowsOf(id))[1]?.state === 'DELIVERED');
    expect((await rowsOf(id)).map(({ state }) => state)).toEqual(['PENDING', 'DELIVERED']);
    const [first, later] = sequences();
    expect(later! > first!).toBe(true);
  });

  test('a webhook without a window waits for nothing', async () => {
    listener.answer = answers(500);
    const { id } = await hook({ events: ['model.*'], orderWindowSeconds: 0 });
    await changes(2);
    await kit.matched();
    await until('all are tried', async () => (await rowsOf(id)).every(({ attempts }) => attempts === 1));
    expect((await rowsOf(id)).some(({ held }) => held)).toBe(false);
  });
});

describe('R28: a receiver that was down for longer than three days', () => {
  test('is off, with an event; a range replayed brings all in order, also what came while it was off', async () => {
    listener.answer = answers(503);
    const { id } = await hook({ events: ['model.*'] });
    const model = await registry.openModel();
    await registry.changes.update(ada, { name: model }, { tags: { a: '1' } });
    await kit.matched();
    await tried(id, 1);
    await stack.rows("update webhook_delivery set tried_since = tried_since - interval '4 days' where webhook_id = $1", [id]);
    await waitsPass(id);
    await until('it is off', async () => (await kit.view.get(ada, id))?.status === 'DISABLED');
    expect((await kit.saidOf(id)).at(-1)).toMatchObject({ type: 'webhook.disabled', reason: expect.stringContaining('3 days') });
    await registry.changes.update(ada, { name: model }, { tags: { b: '2' } });
    await kit.matched();
    listener.answer = answers(200);
    const before = listener.calls.length;
    const [first] = await stack.rows<{ sequence: string }>(
      'select min(sequence) as sequence from webhook_delivery where webhook_id = $1',
      [id],
    );
    const replays = stack.app.get(ReplaysService);
    const range = { webhookId: id, fromSequence: first!.sequence };
    await expect(replays.replay(ada, range)).rejects.toMatchObject({ code: 'CONFLICT' });
    await kit.update(id, { status: 'ACTIVE' });
    await replays.replay(ada, range);
    await until('all have arrived', async () => {
      const rows = await rowsOf(id);
      return rows.length === 3 && rows.every(({ state }) => state === 'DELIVERED');
    });
    const events = listener.events().slice(before);
    const last = events.map(({ sequence }) => String(sequence)).slice(-3);
    expect(last).toEqual(last.toSorted());
    expect(new Set(events.map((event) => event.id)).size).toBe(3);
    expect(listener.calls.map(({ headers }) => headers['webhook-id']).includes(events[0]!.id)).toBe(true);
  });

  test('what is replayed comes under the id that it had, by id and by filter, with its progress', async () => {
    const { id } = await hook();
    await registry.openModel();
    await registry.openModel();
    await until('both arrived', async () => (await rowsOf(id)).filter(({ state }) => state === 'DELIVERED').length === 2);
    const replays = stack.app.get(ReplaysService);
    const rows = await rowsOf(id);
    await replays.replay(ada, { webhookId: id, ids: [rows[0]!.id] });
    await until('it came again', async () => listener.calls.length === 3);
    expect(listener.events()[2]!.id).toBe(listener.events()[0]!.id);
    expect(listener.calls[2]!.body).toBe(listener.calls[0]!.body);
    await until('it is written down', async () => (await rowsOf(id)).every(({ state }) => state === 'DELIVERED'));
    expect((await attemptsOf(id)).map(({ number }) => number)).toEqual([1, 2, 1]);
    await replays.replay(ada, { webhookId: id, states: ['DELIVERED'], types: ['model.created'] });
    await until('both came again', async () => listener.calls.length === 5);
    const nothing = replays.replay(ada, { webhookId: id });
    await expect(nothing).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await kit.saidOf(id)).filter(({ type }) => type === 'webhook.replayed')).toHaveLength(2);
  });
});

test('R38: what is sent is told apart by its event: the same id is never of other content', async () => {
  await hook({ events: ['*'] });
  await changes(3);
  await until('all came', async () => listener.calls.length >= 4);
  const bodies = Map.groupBy(listener.calls, ({ headers }) => headers['webhook-id']);
  for (const [id, calls] of bodies) {
    expect(id).toMatch(/^evt_[0-9a-f]{32}$/);
    expect(new Set(calls.map(({ body }) => body)).size).toBe(1);
  }
});
