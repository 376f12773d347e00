import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Ctx } from '#access';
import type { ClaimedDelivery } from '#automation';
import { newId } from '#kernel';
import { startStack, type Stack } from './stack.js';
import { webhooksKit, type WebhooksKit } from './webhooks-kit.js';

const RECEIVER = 'http://127.0.0.1:9/hook';
const ARRIVED = { status: 200, body: null, error: null };
const FAILED = { status: 503, body: null, error: 'the receiver answered 503' };

let stack: Stack;
let ada: Ctx;
let kit: WebhooksKit;
// Nothing here sends: who claims is the test.
beforeAll(async () => {
  stack = await startStack();
  ada = await stack.member('editor', 'ada');
  kit = webhooksKit(stack, ada);
});
afterAll(() => stack.close());
afterEach(() => stack.rows('delete from webhook'));

/** A webhook at which so many deliveries wait. */
async function hookWith(waiting: number): Promise<string> {
  const id = await kit.hook(RECEIVER);
  const ids = Array.from({ length: waiting }, () => newId('webhookDelivery'));
  await stack.rows(
    `insert into webhook_delivery (id, webhook_id, event_id, entity, action, payload)
     select d, $1, 'evt_' || d, 'registered_model', 'created', '{}' from unnest($2::text[]) d`,
    [id, ids],
  );
  return id;
}
async function hooksWith(waiting: number, count: number): Promise<string[]> {
  const hooks: string[] = [];
  while (hooks.length < count) hooks.push(await hookWith(waiting));
  return hooks;
}

const claim = (room = 1000) => kit.deliveries.claim(room);
const perHook = (claimed: readonly ClaimedDelivery[]) => Map.groupBy(claimed, ({ webhookId }) => webhookId);
const failingSince = async (id: string) => (await kit.view.get(ada, id))!.failingSince;

/** What is under way has been so for that long. */
const secondsPass = (seconds: number) =>
  stack.rows('update webhook_delivery set next_at = next_at - make_interval(secs => $1) where lease is not null', [seconds]);

const aSecondAfterFailure = (id: string) =>
  stack.rows("update webhook set failed_at = failed_at - interval '1 second' where id = $1", [id]);

async function fail(webhookId: string): Promise<void> {
  for (const claimed of (await claim()).filter((each) => each.webhookId === webhookId))
    await kit.deliveries.settle(claimed, FAILED);
}

test('a webhook that answers has four under way at most, and all of them thirty-two', async () => {
  await hooksWith(6, 10);
  const claimed = await claim();
  expect(claimed).toHaveLength(32);
  expect(Math.max(...[...perHook(claimed).values()].map(({ length }) => length))).toBe(4);
  expect(await claim()).toEqual([]);
  await kit.deliveries.settle(claimed[0]!, ARRIVED);
  expect(await claim()).toHaveLength(1);
});

test('no more is claimed than there is room for, the oldest first', async () => {
  const [first, second] = [await hookWith(3), await hookWith(3)];
  const claimed = await claim(4);
  expect(claimed.map(({ webhookId }) => webhookId).toSorted()).toEqual([first, first, first, second].toSorted());
});

test('a webhook whose last try failed is asked one at a time, a second after each failure at the soonest, and is well again with the first that arrives', async () => {
  const id = await hookWith(8);
  await fail(id);
  const since = await failingSince(id);
  expect(since).toBeInstanceOf(Date);
  expect(await claim()).toEqual([]);
  await aSecondAfterFailure(id);
  const [probe, ...others] = await claim();
  expect(others).toEqual([]);
  expect(probe).toMatchObject({ webhookId: id, failing: true });
  await kit.deliveries.settle(probe!, FAILED);
  expect(await failingSince(id)).toEqual(since);
  await aSecondAfterFailure(id);
  await kit.deliveries.settle((await claim())[0]!, ARRIVED);
  expect(await failingSince(id)).toBeNull();
  expect(await claim()).toHaveLength(2);
});

test('receivers that hang take no place of those that answer once they are noticed, and share sixteen of their own', async () => {
  await hooksWith(9, 20);
  expect(await claim()).toHaveLength(32);
  await hookWith(4);
  expect(await claim()).toEqual([]);
  await secondsPass(3);
  // Eight hang with four each; twelve and the new one have not been asked yet.
  const next = await claim();
  expect(next).toHaveLength(32);
  await secondsPass(3);
  const rest = await claim();
  expect(Math.max(...[...perHook([...next, ...rest]).values()].map(({ length }) => length))).toBe(4);
  const alive = await hookWith(2);
  expect((await claim()).map(({ webhookId }) => webhookId)).toEqual([alive, alive]);
});

test('those that fail share sixteen places, however many they are', async () => {
  const hooks = await hooksWith(3, 20);
  await stack.rows("update webhook set failing_since = now(), failed_at = now() - interval '1 second' where id = any($1)", [
    hooks,
  ]);
  const claimed = await claim();
  expect(claimed).toHaveLength(16);
  expect(perHook(claimed).size).toBe(16);
  const well = await hookWith(2);
  expect((await claim()).map(({ webhookId }) => webhookId)).toEqual([well, well]);
});
