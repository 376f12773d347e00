import { Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { GuardedClient, sendWebhook, WebhookMatcher } from '#automation';
import { RelayModule } from '#messaging';
import { until } from '#testing';
import { DeliverWebhooksService } from '../../apps/automation/src/deliver-webhooks.service.js';
import { registryKit, type RegistryKit } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';
import { ALLOWED, expectedSignature, startReceiver, webhooksKit, type Receiver, type WebhooksKit } from './webhooks-kit.js';

/** Names that the installation's resolver knows. */
const NAMES: Record<string, string[]> = {
  'receiver.test': ['127.0.0.1'],
  'private.test': ['10.0.0.1'],
  'half.test': ['127.0.0.1', '169.254.169.254'],
};
const resolve = async (host: string) => (NAMES[host] ?? []).map((address) => ({ address, family: 4 }));

@Module({
  imports: [RelayModule],
  providers: [
    WebhookMatcher,
    DeliverWebhooksService,
    { provide: GuardedClient, useValue: new GuardedClient(ALLOWED, { resolve }) },
  ],
})
class WebhooksRole {}

let stack: Stack;
let ada: Ctx;
let kit: WebhooksKit;
let registry: RegistryKit;
let receiver: Receiver;
const others: Receiver[] = [];
beforeAll(async () => {
  stack = await startStack([WebhooksRole]);
  ada = await stack.member('editor', 'ada');
  kit = webhooksKit(stack, ada);
  registry = registryKit(stack, ada);
});
afterAll(() => stack.close());
beforeEach(async () => void (receiver = await startReceiver()));
afterEach(async () => {
  await stack.rows('delete from webhook');
  for (const each of [receiver, ...others.splice(0)]) each.close();
});

async function another(status: number | null): Promise<Receiver> {
  others.push(await startReceiver(status));
  return others.at(-1)!;
}

/** Waits for the first delivery about a model. */
const arrived = (model: string, at = receiver) => until(`a delivery about ${model}`, async () => at.about(model)[0]);

/** Makes what waits for a webhook due, as if its wait or its worker's lease had run out. */
const timePasses = (webhookId: string) =>
  stack.rows("update webhook_delivery set next_at = now() - interval '1 second' where webhook_id = $1 and state = 'PENDING'", [
    webhookId,
  ]);

describe('deliveries', () => {
  test('each event is delivered once to each webhook that asked for it, signed over its bytes', async () => {
    const all = await kit.hook(receiver.url, [
      'registered_model.created',
      'model_version.created',
      'model_version_alias.created',
    ]);
    const few = await another(200);
    await kit.hook(few.url, ['model_version.created']);
    const model = await registry.openModel({ team: 'bläu' });
    await registry.addVersion(model);
    await registry.aliases.set(ada, { model, number: 1 }, 'champion');
    await until('three deliveries', async () => receiver.about(model).length === 3);
    await arrived(model, few);
    // Reading the log again, as after a crash, sends nothing anew.
    await stack.rows("update log_cursor set position = 0 where consumer = 'webhook-matcher'");
    const last = await registry.openModel();
    await arrived(last);
    expect(
      receiver
        .about(model)
        .map(({ said }) => `${said.entity}.${said.action}`)
        .sort(),
    ).toEqual(['model_version.created', 'model_version_alias.created', 'registered_model.created']);
    expect(few.calls).toHaveLength(1);
    const call = receiver.about(model).find(({ said }) => said.entity === 'registered_model')!;
    expect(call.said.data).toEqual({ name: model, tags: { team: 'bläu' }, description: '' });
    expect(call.headers).toMatchObject({ 'content-type': 'application/json', 'x-mlflow-signature': expectedSignature(call) });
    await until('all are done', async () => (await kit.rowsOf(all)).every(({ state }) => state === 'DELIVERED'));
  });

  test('a webhook without a secret has no signature, and one by name is reached', async () => {
    const url = new URL(receiver.url);
    url.hostname = 'receiver.test';
    const id = await kit.hook(url.toString());
    await kit.update(id, { secret: '' });
    const call = await arrived(await registry.openModel());
    expect(call.headers).not.toHaveProperty('x-mlflow-signature');
    expect(call.headers.host).toBe(url.host);
  });

  test('what a receiver refuses is tried again by the same id and with the same bytes', async () => {
    receiver.status = 500;
    const id = await kit.hook(receiver.url);
    const model = await registry.openModel();
    await until('the first try is written down', async () => (await kit.rowsOf(id))[0]?.attempts === 1);
    expect(await kit.rowsOf(id)).toMatchObject([{ state: 'PENDING', last_status: 500, last_error: 'the receiver answered 500' }]);
    receiver.status = 200;
    await timePasses(id);
    await until('it is delivered', async () => (await kit.rowsOf(id))[0]?.state === 'DELIVERED');
    const [first, second] = receiver.about(model);
    expect(second!.id).toBe(first!.id);
    expect(second!.body).toBe(first!.body);
    expect(second!.headers['x-mlflow-signature']).toBe(expectedSignature(second!));
  });

  test('a redirect is not followed', async () => {
    receiver.status = 307;
    const id = await kit.hook(receiver.url);
    await registry.openModel();
    await until('it is tried', async () => (await kit.rowsOf(id))[0]?.attempts === 1);
    expect(await kit.rowsOf(id)).toMatchObject([{ state: 'PENDING', last_status: 307 }]);
  });

  test('410 turns a webhook off, and says so', async () => {
    receiver.status = 410;
    const id = await kit.hook(receiver.url);
    const model = await registry.openModel();
    await until('it is off', async () => (await kit.view.get(ada, id))?.status === 'DISABLED');
    expect(receiver.about(model)).toHaveLength(1);
    expect(await kit.rowsOf(id)).toMatchObject([{ state: 'FAILED', last_status: 410 }]);
    expect(await kit.saidOf(id)).toEqual([
      { type: 'webhook.created', reason: null },
      { type: 'webhook.disabled', reason: 'the receiver answered 410: it is gone for good' },
    ]);
  });

  test('after three days without success a delivery fails and its webhook is off; one success keeps it on', async () => {
    receiver.status = 503;
    const other = await another(200);
    const [dead, lucky] = [await kit.hook(receiver.url), await kit.hook(other.url)];
    await registry.openModel();
    await until('one is delivered', async () => (await kit.rowsOf(lucky))[0]?.state === 'DELIVERED');
    other.status = 503;
    await registry.openModel();
    await until('both are tried', async () => (await kit.rowsOf(dead))[1]?.attempts && (await kit.rowsOf(lucky))[1]?.attempts);
    await stack.rows("update webhook_delivery set tried_since = tried_since - interval '3 days'");
    await timePasses(dead);
    await timePasses(lucky);
    await until(
      'both failed',
      async () => (await kit.rowsOf(lucky))[1]?.state === 'FAILED' && (await kit.rowsOf(dead))[0]?.state === 'FAILED',
    );
    expect((await kit.view.get(ada, dead))!.status).toBe('DISABLED');
    expect((await kit.view.get(ada, lucky))!.status).toBe('ACTIVE');
    expect((await kit.saidOf(dead)).at(-1)).toEqual({
      type: 'webhook.disabled',
      reason: 'nothing has reached the receiver for 3 days; at last: the receiver answered 503',
    });
  });

  test('a receiver that hangs holds up no other, and has four deliveries under way at most', async () => {
    receiver.status = null;
    const alive = await another(200);
    const hanging = await kit.hook(receiver.url);
    await kit.hook(alive.url);
    const models: string[] = [];
    for (let i = 0; i < 20; i++) models.push(await registry.openModel());
    await until('the other has all', async () => models.every((model) => alive.about(model).length === 1));
    expect(receiver.calls.length).toBeLessThanOrEqual(4);
    expect(await kit.rowsOf(hanging)).toHaveLength(20);
    expect(await kit.deliveries.claim(100)).toEqual([]);
  });

  test('what a worker took and did not settle is sent again when its lease is over', async () => {
    const id = await kit.hook(receiver.url);
    const model = await heldByTheDead();
    expect(receiver.about(model)).toEqual([]);
    await timePasses(id);
    const call = await arrived(model);
    await until('it is delivered', async () => (await kit.rowsOf(id))[0]?.state === 'DELIVERED');
    expect(call.id).toBe((await kit.rowsOf(id))[0]!.id);
  });

  test('a worker that lost its lease changes nothing', async () => {
    const id = await kit.hook(receiver.url);
    const model = await heldByTheDead();
    const [row] = await kit.rowsOf(id);
    const taken = {
      id: row!.id,
      webhookId: id,
      workspaceId: stack.workspaceId,
      eventId: '',
      subject: null,
      attempts: 0,
      failing: false,
    };
    const late = { ...taken, form: 'mlflow', url: '', secrets: [], bearer: null, payload: '' } as const;
    await kit.deliveries.settle({ ...late, lease: 'older' }, { status: 410, body: null, error: null });
    await kit.deliveries.release({ ...late, lease: 'older' });
    expect(await kit.rowsOf(id)).toEqual([row]);
    expect((await kit.view.get(ada, id))!.status).toBe('ACTIVE');
    await timePasses(id);
    await arrived(model);
  });

  test('nothing is sent while a webhook is off; what waited goes out when it is on again, unless its time is over', async () => {
    receiver.status = 500;
    const id = await kit.hook(receiver.url);
    const [old, young] = [await registry.openModel(), await registry.openModel()];
    await until('both are tried', async () => (await kit.rowsOf(id)).filter(({ attempts }) => attempts > 0).length === 2);
    await kit.update(id, { status: 'DISABLED' });
    receiver.status = 200;
    const unheard = await registry.openModel();
    await kit.matched();
    await timePasses(id);
    const before = receiver.calls.length;
    expect(await kit.deliveries.claim(16)).toEqual([]);
    await stack.rows("update webhook_delivery set tried_since = now() - interval '4 days' where payload like $1", [`%${old}%`]);
    await kit.update(id, { status: 'ACTIVE' });
    await until('the young one is delivered', async () => (await kit.rowsOf(id))[1]?.state === 'DELIVERED');
    expect((await kit.rowsOf(id)).map(({ state }) => state)).toEqual(['FAILED', 'DELIVERED']);
    expect(receiver.calls.slice(before).map(({ said }) => said.data['name'])).toEqual([young]);
    expect(receiver.about(unheard)).toEqual([]);
  });
});

/** Every delivery is leased from the moment of its making, so that no live worker gets it first. */
const HELD = `create or replace function held() returns trigger language plpgsql as $$
  begin new.lease := 'of the dead'; new.next_at := now() + interval '1 hour'; return new; end $$`;

/** A model about which a delivery waits that a worker took and then died. */
async function heldByTheDead(): Promise<string> {
  await stack.rows(HELD);
  await stack.rows('create trigger held before insert on webhook_delivery for each row execute function held()');
  const model = await registry.openModel();
  await kit.matched().finally(() => stack.rows('drop trigger held on webhook_delivery'));
  return model;
}

describe('hostile addresses', () => {
  test.each(['private.test', 'half.test', 'nobody.test'])('%s is taken as a name, and refused when it is used', async (host) => {
    const url = new URL(receiver.url);
    url.hostname = host;
    const id = await kit.hook(url.toString());
    await registry.openModel();
    await until('it is tried', async () => (await kit.rowsOf(id))[0]?.attempts === 1);
    expect((await kit.rowsOf(id))[0]).toMatchObject({ state: 'PENDING', last_status: null, last_error: /refused|no address/ });
    expect(receiver.calls).toEqual([]);
  });

  test('loopback is loopback in every form, and refused where it is not allowed', async () => {
    const { port } = new URL(receiver.url);
    const strict = new GuardedClient(['192.0.2.0/24'], { resolve });
    for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'receiver.test'])
      for (const scheme of ['http', 'https'])
        expect(
          await sendWebhook(strict, {
            form: 'mlflow',
            id: 'whd_x',
            url: `${scheme}://${host}:${port}/`,
            secrets: [],
            bearer: null,
            payload: '{}',
          }),
        ).toMatchObject({
          status: null,
          error: /refused|non-public/,
        });
    expect(receiver.calls).toEqual([]);
  });
});
