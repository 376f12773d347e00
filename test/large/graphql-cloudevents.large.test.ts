import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startPlatform, uniqueName, until, type Client, type Server } from '#testing';
import { answers, startListener, toEvent, verify, type Listener } from '../medium/webhooks-listener.js';
import { anotherWorkspace } from './edge-support.js';

const ERRORS = 'userErrors { code message field }';
const UPDATE = `mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) { ${ERRORS} } }`;
const TEST = `mutation ($input: TestWebhookInput!) { testWebhook(input: $input) { delivered status ${ERRORS} } }`;
const CREATE = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) {
  webhook { id signed form types events orderWindowSeconds } secret ${ERRORS} } }`;
const ROTATE = `mutation ($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) { secret webhook { previousUntil } ${ERRORS} } }`;
const REPLAY = `mutation ($input: ReplayDeliveriesInput!) { replayDeliveries(input: $input) { replay { id total } ${ERRORS} } }`;
const NODE = `query ($id: ID!) { node(id: $id) { ... on Webhook { name signed status previousUntil deliveries { edges { node {
  state type event subject sequence tries { number status body error } } } } } } }`;

interface Made {
  readonly webhook: { readonly id: string };
  readonly secret: string;
}
interface Seen {
  readonly deliveries: { readonly edges: readonly { readonly node: { readonly state: string } }[] };
}

let server: Server;
let client: Client;
beforeAll(async () => {
  server = await startPlatform({ env: { TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8' } });
  client = server.client();
}, 60_000);
afterAll(() => server?.stop());

const mlflow = (path: string) => client.fetch(`/api/2.0/mlflow/webhooks${path}`);
const seen = async (id: string) => (await client.query<{ node: Seen }>(NODE, { id })).node;

/** Something that the webhook is to hear of. */
async function aModel(): Promise<string> {
  const name = uniqueName('model');
  await client.mutate(`mutation ($input: CreateModelInput!) { createModel(input: $input) { ${ERRORS} } }`, { name });
  return name;
}

describe('a webhook in the form of CloudEvents', () => {
  const made = () => client.mutate<Made>(CREATE, { name: uniqueName('hook'), url: listener.url, types: ['model.*'] });
  let listener: Listener;
  beforeEach(async () => {
    listener = await startListener();
    return () => listener.close();
  });

  test('a secret is told once, exchanged for another, and signs what comes; MLflow knows nothing of it', async () => {
    const { webhook, secret } = await made();
    expect(webhook).toMatchObject({ form: 'CLOUDEVENTS', types: ['model.*'], events: [], signed: true, orderWindowSeconds: 60 });
    expect((await mlflow(`/${webhook.id}`)).status).toBe(404);
    expect(await (await mlflow('?max_results=1000')).text()).not.toContain(webhook.id);
    const fresh = await client.mutate<{ secret: string; webhook: { previousUntil: string } }>(ROTATE, { webhookId: webhook.id });
    expect(Date.parse(fresh.webhook.previousUntil)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    const model = await aModel();
    const call = await until('it arrived', async () => listener.calls[0]);
    for (const each of [secret, fresh.secret]) expect(verify(call, each)).toMatchObject({ data: { name: model } });
    const schema = await client.fetch(new URL(toEvent(call).dataschema!).pathname, { headers: { authorization: '' } });
    expect(await schema.json()).toMatchObject({ type: 'object', properties: { name: { type: 'string' } } });
    const all = await client.query('{ events(first: 1000) { type data } audit(first: 200) { edges { node { before after } } } }');
    expect(JSON.stringify([all, await seen(webhook.id)])).not.toMatch(/whsec_/);
  });

  test('each try is told, and what ended is sent again with its progress', async () => {
    listener.answer = answers(410);
    const { webhook } = await made();
    await aModel();
    const node = await until('it has failed', async () => {
      const found = await seen(webhook.id);
      return found.deliveries.edges[0]?.node.state === 'FAILED' && found;
    });
    expect(node.deliveries.edges[0]!.node).toMatchObject({
      type: 'model.created',
      event: null,
      subject: expect.stringMatching(/^model\/mdl_/),
      tries: [{ number: 1, status: 410, body: 'thanks', error: 'the receiver answered 410' }],
    });
    listener.answer = answers(200);
    await client.mutate(UPDATE, { webhookId: webhook.id, status: 'ACTIVE' });
    const { replay: asked } = await client.mutate<{ replay: { id: string; total: number } }>(REPLAY, {
      webhookId: webhook.id,
      states: ['FAILED'],
    });
    expect(asked.total).toBe(1);
    const progress = 'query ($id: ID!) { webhookReplay(id: $id) { total waiting delivered failed } }';
    await until('it has arrived', async () => {
      const { webhookReplay } = await client.query<{ webhookReplay: { delivered: number } }>(progress, { id: asked.id });
      return webhookReplay.delivered === 1;
    });
    const stranger = await anotherWorkspace(server);
    expect(await stranger.query(progress, { id: asked.id })).toEqual({ webhookReplay: null });
  });

  test('a test sends the event that tells of it', async () => {
    const { webhook, secret } = await made();
    expect(await client.mutate(TEST, { webhookId: webhook.id })).toMatchObject({ delivered: true, status: 200 });
    expect(verify(listener.calls[0]!, secret)).toMatchObject({
      type: 'io.tailrace.webhook.tested.v1',
      data: { webhookId: webhook.id },
    });
  });
});
