import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { renderFacts } from '../../output/table.js';
import { timeText } from '../../output/units.js';

export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly form: string;
  readonly types: string[];
  readonly subject: string | null;
  readonly project: string | null;
  readonly orderWindowSeconds: number;
  readonly status: string;
  readonly failingSince: string | null;
  readonly signed: boolean;
  readonly authorized: boolean;
  readonly previousUntil: string | null;
  readonly createdAt: string;
  readonly createdBy: { name: string } | null;
}

export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly type: string;
  readonly subject: string | null;
  readonly sequence: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: string;
  readonly doneAt: string | null;
}

export const WEBHOOK = `id name url form types subject project orderWindowSeconds status failingSince signed authorized previousUntil createdAt createdBy { name }`;
export const DELIVERY = 'id eventId type subject sequence state attempts nextAt lastStatus lastError createdAt doneAt';

const LIST = `query ($after: String) { webhooks(first: 200, after: $after) { pageInfo { hasNextPage endCursor } edges { node { ${WEBHOOK} } } } }`;
const BY_ID = `query ($id: ID!) { node(id: $id) { ... on Webhook { ${WEBHOOK} } } }`;

interface Page {
  readonly webhooks: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
    readonly edges: { readonly node: Webhook }[];
  };
}

/** A webhook by its id, or by its name where one alone has it. */
export async function webhookOf(client: TailraceClient, nameOrId: string): Promise<Webhook> {
  const found = nameOrId.startsWith('whk_') ? await byId(client, nameOrId) : await byName(client, nameOrId);
  if (found) return found;
  throw new Failure(
    `there is no webhook ${JSON.stringify(nameOrId)}; \`tailrace webhook list\` shows those that are`,
    EXIT.notFound,
  );
}

async function byId(client: TailraceClient, id: string): Promise<Webhook | undefined> {
  const { node } = await client.query<{ node: Webhook | null }>(BY_ID, { id });
  return node?.id ? node : undefined;
}

async function byName(client: TailraceClient, name: string): Promise<Webhook | undefined> {
  const found: Webhook[] = [];
  for (let after: string | undefined, more = true; more;) {
    const { webhooks }: Page = await client.query<Page>(LIST, { after });
    found.push(...webhooks.edges.map(({ node }) => node).filter((webhook) => webhook.name === name));
    ({ hasNextPage: more, endCursor: after } = webhooks.pageInfo);
  }
  if (found.length < 2) return found[0];
  throw new Failure(`several webhooks have the name ${name}: ${found.map(({ id }) => id).join(', ')}; give an id`, EXIT.refused);
}

/** All that is known of a webhook, as lines. */
export function describeWebhook(webhook: Webhook): string {
  return renderFacts({
    webhook: webhook.name,
    id: webhook.id,
    status: webhook.status.toLowerCase(),
    'failing since': webhook.failingSince ? timeText(webhook.failingSince) : undefined,
    form: webhook.form.toLowerCase(),
    types: webhook.types.join(', '),
    'only of subject': webhook.subject ?? undefined,
    'only of project': webhook.project ?? undefined,
    to: webhook.url,
    signed: webhook.signed ? 'yes' : 'no',
    'bearer token': webhook.authorized ? 'yes' : undefined,
    'old secret until': webhook.previousUntil ? timeText(webhook.previousUntil) : undefined,
    'order window': webhook.form === 'MLFLOW' ? undefined : `${webhook.orderWindowSeconds} s`,
    'made by': webhook.createdBy?.name ?? 'somebody who left',
    created: timeText(webhook.createdAt),
  });
}
