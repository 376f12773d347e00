import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aMember, startPlatform, uniqueName, until, type Client, type Server } from '#testing';
import { expectedSignature, SECRET, startReceiver, type Receiver } from '../medium/webhooks-kit.js';
import { anotherWorkspace } from './edge-support.js';

const WEBHOOK = 'id name url description events status signed createdAt updatedAt createdBy { name }';
const ERRORS = 'userErrors { code message field }';
const DELIVERY = 'id event eventId state attempts nextAt lastStatus lastError createdAt doneAt';
const CREATE = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { ${WEBHOOK} } ${ERRORS} } }`;
const UPDATE = `mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) { webhook { ${WEBHOOK} } ${ERRORS} } }`;
const TEST = `mutation ($input: TestWebhookInput!) { testWebhook(input: $input) { delivered status body error ${ERRORS} } }`;
const DELETE = `mutation ($id: ID!) { deleteWebhook(webhookId: $id) { id ${ERRORS} } }`;
const REDELIVER = `mutation ($id: ID!) { redeliverWebhook(deliveryId: $id) { delivery { ${DELIVERY} } ${ERRORS} } }`;
const LIST = `query ($first: Int, $after: String) { webhooks(first: $first, after: $after) { edges { node { ${WEBHOOK} } } pageInfo { hasNextPage endCursor } } }`;
const NODE = `query ($id: ID!, $first: Int, $after: String) { node(id: $id) { id ... on Webhook { ${WEBHOOK}
  deliveries(first: $first, after: $after) { edges { node { ${DELIVERY} } } pageInfo { hasNextPage endCursor } } } } }`;

interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly signed: boolean;
}
interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly doneAt: string | null;
}
interface Page<T> {
  readonly edges: readonly { readonly node: T }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}
type Seen = Webhook & { readonly deliveries: Page<Delivery> };

let server: Server;
let client: Client;
let receiver: Receiver;
beforeAll(async () => {
  server = await startPlatform({ env: { TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8' } });
  client = server.client();
}, 60_000);
afterAll(() => server?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  return () => receiver.close();
});

async function hook(events: readonly string[] = ['REGISTERED_MODEL_CREATED'], more: object = {}): Promise<Webhook> {
  const input = { name: uniqueName('hook'), url: receiver.url, events, secret: SECRET, ...more };
  return (await client.mutate<{ webhook: Webhook }>(CREATE, input)).webhook;
}
const seen = async (id: string, page: object = {}, as = client) =>
  (await as.query<{ node: Seen | null }>(NODE, { id, ...page })).node;
const deliveriesOf = async (id: string) => (await seen(id))!.deliveries.edges.map(({ node }) => node);
const mlflow = (path: string) => client.fetch(`/api/2.0/mlflow/webhooks${path}`);

/** Something that the webhook is to hear of. */
async function aModel(): Promise<string> {
  const name = uniqueName('model');
  await client.mutate(`mutation ($input: CreateModelInput!) { createModel(input: $input) { ${ERRORS} } }`, { name });
  return name;
}
/** Waits for a delivery of the webhook in a state. */
const delivery = (id: string, state: string, fits: (found: Delivery) => boolean = () => true) =>
  until(`a delivery is ${state}`, async () => (await deliveriesOf(id)).find((found) => found.state === state && fits(found)));

describe('a webhook', () => {
  test('is made, found, changed in parts and deleted; MLflow knows the same one, and nobody its secret', async () => {
    const answers: unknown[] = [];
    const say = async (query: string, variables: object) => {
      const answer = await client.graphql<Record<string, Record<string, unknown>>>(query, variables as never);
      answers.push(answer);
      return Object.values(answer.data!)[0]!;
    };
    const name = uniqueName('hook');
    const events = ['REGISTERED_MODEL_CREATED', 'MODEL_VERSION_TAG_SET'];
    const made = (await say(CREATE, { input: { name, url: receiver.url, events, secret: SECRET } }))['webhook'] as Webhook;
    expect(made).toMatchObject({ name, url: receiver.url, events, status: 'ACTIVE', signed: true, description: '' });
    expect(made).toMatchObject({ createdBy: { name: 'admin' } });
    const listed = (await say(LIST, { first: 200 })) as unknown as Page<Webhook>;
    expect(listed.edges.map(({ node }) => node)).toContainEqual(made);

    const patch = { webhookId: made.id, description: 'new', status: 'DISABLED', secret: null, name: null };
    const changed = (await say(UPDATE, { input: patch }))['webhook'];
    expect(changed).toMatchObject({ name, description: 'new', status: 'DISABLED', signed: true, events });
    expect(await say(NODE, { id: made.id })).toMatchObject(changed as object);

    const { webhook } = (await (await mlflow(`/${made.id}`)).json()) as { webhook: object };
    expect(webhook).toMatchObject({
      webhook_id: made.id,
      name,
      status: 'DISABLED',
      events: [
        { entity: 'REGISTERED_MODEL', action: 'CREATED' },
        { entity: 'MODEL_VERSION_TAG', action: 'SET' },
      ],
    });
    expect((await say(UPDATE, { input: { webhookId: made.id, secret: '' } }))['webhook']).toMatchObject({ signed: false });
    expect(await say(DELETE, { id: made.id })).toEqual({ id: made.id, userErrors: [] });
    expect(await seen(made.id)).toBeNull();
    expect((await mlflow(`/${made.id}`)).status).toBe(404);
    answers.push(
      await client.query('query ($s: ID) { audit(where: { subjectId: $s }) { edges { node { action before after } } } }', {
        s: made.id,
      }),
    );
    answers.push(await client.query('{ events(first: 1000) { type data } }'));
    expect(JSON.stringify(answers)).toContain('webhook.deleted');
    expect(JSON.stringify(answers)).not.toContain(SECRET);
  });

  test('lists go on where they ended, newest first', async () => {
    const ids = [(await hook()).id, (await hook()).id, (await hook()).id].reverse();
    const one = await client.query<{ webhooks: Page<Webhook> }>(LIST, { first: 2 });
    expect(one.webhooks.edges.map(({ node }) => node.id)).toEqual(ids.slice(0, 2));
    const two = await client.query<{ webhooks: Page<Webhook> }>(LIST, { first: 1, after: one.webhooks.pageInfo.endCursor });
    expect(two.webhooks.edges.map(({ node }) => node.id)).toEqual(ids.slice(2));
  });

  test('what is wrong is said with its field, and nothing was made', async () => {
    await hook();
    const all = async () => (await client.query<{ webhooks: Page<Webhook> }>(LIST, { first: 200 })).webhooks.edges.length;
    const before = await all();
    const refused = async (more: object) => {
      const input = { name: uniqueName('hook'), url: receiver.url, events: ['PROMPT_CREATED'], ...more };
      const answer = await client.query<{ createWebhook: { webhook: unknown; userErrors: object[] } }>(CREATE, { input });
      return answer.createWebhook;
    };
    const wrong = (code: string, field: string) => ({ webhook: null, userErrors: [expect.objectContaining({ code, field })] });
    expect(await refused({ name: 'a b' })).toEqual(wrong('BAD_INPUT', 'name'));
    expect(await refused({ url: 'https://169.254.169.254/latest' })).toEqual(wrong('BAD_INPUT', 'url'));
    expect(await refused({ events: [] })).toEqual(wrong('BAD_INPUT', 'events'));
    expect(await refused({ description: 'x'.repeat(5001) })).toEqual(wrong('BAD_INPUT', 'description'));
    expect(await all()).toBe(before);
  });

  test('an example is sent at once, and the answer shown', async () => {
    const { id } = await hook();
    const test = (event?: string) =>
      client.mutate<{ delivered: boolean; status: number | null; body: string | null; error: string | null }>(TEST, {
        webhookId: id,
        event,
      });
    expect(await test()).toMatchObject({ delivered: true, status: 200, body: 'thanks', error: null });
    await test('PROMPT_TAG_SET');
    expect(receiver.calls.map(({ said }) => `${said.entity}.${said.action}`)).toEqual([
      'registered_model.created',
      'prompt_tag.set',
    ]);
    expect(receiver.calls[0]!.headers['x-mlflow-signature']).toBe(expectedSignature(receiver.calls[0]!));
    receiver.status = 503;
    expect(await test()).toMatchObject({ delivered: false, status: 503, body: 'thanks', error: 'the receiver answered 503' });
    receiver.close();
    const lost = await test();
    expect(lost).toMatchObject({ delivered: false, status: null, body: null });
    expect(lost.error).toMatch(/ECONNREFUSED|refused/);
    expect(await deliveriesOf(id)).toEqual([]);
  });
});

describe('deliveries', () => {
  test('say what was delivered and why something was not, newest first, page by page', async () => {
    const { id } = await hook();
    const first = await aModel();
    const done = await delivery(id, 'DELIVERED');
    expect(done).toMatchObject({
      event: 'REGISTERED_MODEL_CREATED',
      attempts: 1,
      lastStatus: 200,
      lastError: null,
      nextAt: null,
    });
    expect(done.doneAt).not.toBeNull();
    expect(receiver.about(first)[0]!.id).toBe(done.id);
    await aModel();
    const second = await delivery(id, 'DELIVERED', (found) => found.id !== done.id);
    receiver.status = 500;
    await aModel();
    const waiting = await delivery(id, 'PENDING', ({ attempts }) => attempts > 0);
    expect(waiting).toMatchObject({ lastStatus: 500, lastError: 'the receiver answered 500', doneAt: null });
    expect(waiting.nextAt).not.toBeNull();
    const pages: string[][] = [];
    for (let after: string | null = null, more = true; more;) {
      const { deliveries }: Seen = (await seen(id, { first: 1, after }))!;
      pages.push(deliveries.edges.map(({ node }) => node.id));
      ({ hasNextPage: more, endCursor: after } = deliveries.pageInfo);
    }
    expect(pages).toEqual([[waiting.id], [second.id], [done.id]]);
    const garbage = await client.graphql(NODE, { id, after: 'nonsense' });
    expect(garbage.errors?.[0]?.extensions?.code).toBe('BAD_INPUT');
  });

  test('one that failed is sent again by the same id once its webhook is on', async () => {
    const { id } = await hook();
    receiver.status = 410;
    const model = await aModel();
    const failed = await delivery(id, 'FAILED');
    expect((await seen(id))!.status).toBe('DISABLED');
    const again = async () =>
      (
        await client.query<{ redeliverWebhook: { delivery: Delivery | null; userErrors: { code: string }[] } }>(REDELIVER, {
          id: failed.id,
        })
      ).redeliverWebhook;
    expect(await again()).toMatchObject({ delivery: null, userErrors: [{ code: 'CONFLICT' }] });
    receiver.status = 200;
    await client.mutate(UPDATE, { webhookId: id, status: 'ACTIVE' });
    expect((await deliveriesOf(id)).map(({ state }) => state)).toEqual(['FAILED']);
    expect(await again()).toMatchObject({ delivery: { id: failed.id, doneAt: null }, userErrors: [] });
    expect(await delivery(id, 'DELIVERED')).toMatchObject({ id: failed.id, attempts: 2, lastStatus: 200 });
    const calls = receiver.about(model);
    expect(calls.map((call) => call.id)).toEqual([failed.id, failed.id]);
    expect(calls[1]!.body).toBe(calls[0]!.body);
    expect(await again()).toMatchObject({ delivery: null, userErrors: [{ code: 'CONFLICT' }] });
    const { audit } = await client.query<{ audit: Page<{ action: string; after: object }> }>(
      'query ($s: ID) { audit(where: { subjectId: $s, action: "webhook.redelivered" }) { edges { node { action after } } } }',
      { s: id },
    );
    expect(audit.edges.map(({ node }) => node.after)).toEqual([expect.objectContaining({ deliveryId: failed.id })]);
  });
});

describe('who may', () => {
  test("a path's editor sees and does nothing of it; a viewer of the workspace reads", async () => {
    const { id, name } = await hook();
    const editor = server.client((await aMember(client, 'editor', { project: '/mine' })).token);
    const viewer = server.client((await aMember(client, 'viewer')).token);
    const codes = async (as: Client) => {
      const input = { webhookId: id };
      const said = await Promise.all([
        as.graphql(CREATE, { input: { name: uniqueName('hook'), url: receiver.url, events: ['PROMPT_CREATED'] } }),
        as.graphql(UPDATE, { input }),
        as.graphql(TEST, { input }),
        as.graphql(DELETE, { id }),
        as.graphql(REDELIVER, { id: 'whd_x' }),
      ]);
      return said.map(({ errors }) => errors?.[0]?.extensions?.code);
    };
    const none = Array.from({ length: 5 }, () => 'FORBIDDEN');
    expect(await codes(editor)).toEqual(none);
    expect(await codes(viewer)).toEqual(none);
    expect((await editor.graphql(LIST)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    expect(await seen(id, {}, editor)).toBeNull();
    expect(await seen(id, {}, viewer)).toMatchObject({ id, name, signed: true });
    expect(receiver.calls).toEqual([]);
  });

  test('another workspace finds nothing', async () => {
    const { id } = await hook();
    receiver.status = 410;
    await aModel();
    const failed = await delivery(id, 'FAILED');
    const stranger = await anotherWorkspace(server);
    expect(await stranger.query(LIST)).toMatchObject({ webhooks: { edges: [] } });
    expect(await seen(id, {}, stranger)).toBeNull();
    const input = { webhookId: id };
    const said = await Promise.all([
      stranger.query<Record<string, { userErrors: { code: string }[] }>>(UPDATE, { input }),
      stranger.query<Record<string, { userErrors: { code: string }[] }>>(TEST, { input }),
      stranger.query<Record<string, { userErrors: { code: string }[] }>>(DELETE, { id }),
      stranger.query<Record<string, { userErrors: { code: string }[] }>>(REDELIVER, { id: failed.id }),
    ]);
    expect(said.map((data) => Object.values(data)[0]!.userErrors[0]?.code)).toEqual(said.map(() => 'NOT_FOUND'));
    expect((await deliveriesOf(id)).map(({ state }) => state)).toEqual(['FAILED']);
  });
});
