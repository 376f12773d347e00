import { ask, uniqueName, until, type Client, type Server } from '#testing';
import type { Listener } from '../medium/webhooks-listener.js';

const CREATE = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } secret userErrors { code message field } } }`;
const UPDATE = `mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) { webhook { status } userErrors { code message } } }`;
const STATUS = 'query ($id: ID!) { node(id: $id) { ... on Webhook { status } } }';
const DELIVERIES = `query ($id: ID!) { node(id: $id) { ... on Webhook { deliveries(first: 200) { edges { node {
  id eventId sequence state attempts nextAt lastStatus lastError tries { number status ms error at } } } } } } }`;
const EXPERIMENT = `mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } userErrors { message } } }`;
const TAG = 'mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { userErrors { message } } }';
const REPLAY = `mutation ($input: ReplayDeliveriesInput!) { replayDeliveries(input: $input) { replay { id total } userErrors { code message field } } }`;
const PROGRESS = 'query ($id: ID!) { webhookReplay(id: $id) { total delivered failed waiting } }';

export interface Try {
  readonly number: number;
  readonly status: number | null;
  readonly ms: number;
  readonly error: string | null;
  readonly at: string;
}
export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly sequence: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  /** Oldest first. */
  readonly tries: readonly Try[];
}

/** Webhooks as a user has them, and an experiment each that they hear of. The database is touched to move time only. */
export function webhooksKit(server: () => Server, client: () => Client) {
  const deliveriesOf = async (id: string): Promise<Delivery[]> => {
    const { node } = await client().query<{ node: { deliveries: { edges: { node: Delivery }[] } } }>(DELIVERIES, { id });
    const found = node.deliveries.edges.map((edge) => ({ ...edge.node, tries: edge.node.tries.toReversed() }));
    return found.sort((a, b) => a.sequence.localeCompare(b.sequence));
  };
  const statusOf = async (id: string) => (await client().query<{ node: { status: string } }>(STATUS, { id })).node.status;

  return {
    deliveriesOf,

    async anExperiment(): Promise<string> {
      const { experiment } = await client().mutate<{ experiment: { id: string } }>(EXPERIMENT, { name: uniqueName('told') });
      return experiment.id;
    },

    /** Changes an experiment so often; each is an event of it. */
    async change(experimentId: string, times = 1): Promise<void> {
      for (let nth = 0; nth < times; nth++)
        await client().mutate(TAG, { experimentId, tags: [{ key: 'change', value: uniqueName('tag') }] });
    },

    /** A webhook that hears of the changes of one experiment. */
    hook: ({ url }: Listener, experimentId: string) =>
      client()
        .mutate<{ webhook: { id: string }; secret: string }>(CREATE, {
          name: uniqueName('hook'),
          url,
          types: ['experiment.updated'],
          subject: `experiment/${experimentId}`,
        })
        .then(({ webhook, secret }) => ({ id: webhook.id, secret })),

    turnOn: (webhookId: string) => client().mutate(UPDATE, { webhookId, status: 'ACTIVE' }),

    isOff: (id: string) => until(`${id} is off`, async () => (await statusOf(id)) === 'DISABLED'),

    /** Deliveries once there are `count` of them, all of which have arrived. */
    delivered: (id: string, count = 1, ms = 30_000) =>
      until(
        `${count} deliveries of ${id} have arrived`,
        async () => {
          const all = await deliveriesOf(id);
          return all.length === count && all.every(({ state }) => state === 'DELIVERED') && all;
        },
        ms,
      ),

    /** The first delivery once it has been tried so often. */
    tried: (id: string, times: number, ms = 30_000) =>
      until(
        `${times} tries of ${id}`,
        async () => {
          const [first] = await deliveriesOf(id);
          return first && first.attempts >= times && first;
        },
        ms,
      ),

    /** The waits of what is not held are over. */
    waitsPass: (id: string) =>
      ask(
        server().databaseUrl,
        `update webhook_delivery set next_at = now() - interval '1 second'
         where webhook_id = $1 and state = 'PENDING' and not held and lease is null`,
        [id],
      ),

    /** So long ago the first try of what waits was. */
    triedFor: (id: string, interval: string) =>
      ask(server().databaseUrl, 'update webhook_delivery set tried_since = tried_since - $2::interval where webhook_id = $1', [
        id,
        interval,
      ]),

    /** Sends again, and waits until all of it has arrived; answers how many. */
    async replay(webhookId: string, which: object): Promise<number> {
      const { replay } = await client().mutate<{ replay: { id: string } }>(REPLAY, { webhookId, ...which });
      return until('the replay is over', async () => {
        type Progress = { webhookReplay: { total: number; delivered: number; failed: number; waiting: number } };
        const { webhookReplay } = await client().query<Progress>(PROGRESS, { id: replay.id });
        return webhookReplay.waiting === 0 && webhookReplay.delivered;
      });
    },
  };
}
