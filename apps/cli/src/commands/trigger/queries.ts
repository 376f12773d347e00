import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';

export interface Trigger {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly enabled: boolean;
  readonly filter: Listens;
  readonly action: { readonly kind: string; readonly to?: string };
  readonly concurrency: string;
  readonly cooldownSeconds: number;
  readonly dedupe: { windowSeconds: number; key: string[] } | null;
  readonly maxHops: number;
  readonly createdAt: string;
  readonly lastFiredAt: string | null;
  readonly nextFireAt: string | null;
  readonly incomingPath: string | null;
  readonly owner: { name: string } | null;
  readonly updatedBy: { name: string } | null;
}

export type Listens =
  | { readonly kind: 'event'; readonly event: string; readonly where?: unknown }
  | { readonly kind: 'schedule'; readonly cron: string; readonly timeZone: string; readonly catchUp: string }
  | { readonly kind: 'incoming'; readonly where?: unknown };

export interface Execution {
  readonly id: string;
  readonly eventId: string;
  readonly state: string;
  readonly reason: string | null;
  readonly outcome: Readonly<Record<string, string>> | null;
  readonly tries: number;
  readonly at: string;
  readonly firedAt: string | null;
  readonly actedAt: string | null;
  readonly endedAt: string | null;
  readonly replayOf: { id: string } | null;
  readonly supersededBy: { id: string } | null;
}

export const TRIGGER = `id name project enabled filter action concurrency cooldownSeconds dedupe { windowSeconds key } maxHops createdAt lastFiredAt
  nextFireAt incomingPath owner { name } updatedBy { name }`;
export const EXECUTION = 'id eventId state reason outcome tries at firedAt actedAt endedAt replayOf { id } supersededBy { id }';

const BY_NAME = `query ($name: String!) { triggers(first: 1, name: $name) { edges { node { ${TRIGGER} } } } }`;
const BY_ID = `query ($id: ID!) { node(id: $id) { ... on Trigger { ${TRIGGER} } } }`;

/** A trigger by its name or its id. */
export async function triggerOf(client: TailraceClient, nameOrId: string): Promise<Trigger> {
  const { triggers } = await client.query<{ triggers: { edges: { node: Trigger }[] } }>(BY_NAME, { name: nameOrId });
  if (triggers.edges[0]) return triggers.edges[0].node;
  const { node } = nameOrId.startsWith('trg_')
    ? await client.query<{ node: Trigger | null }>(BY_ID, { id: nameOrId })
    : { node: null };
  if (node?.id) return node;
  throw new Failure(
    `there is no trigger ${JSON.stringify(nameOrId)}; \`tailrace trigger list\` shows those that are`,
    EXIT.notFound,
  );
}

/** Secrets that were made now; null where none was. */
export interface MadeSecrets {
  readonly incomingSecret: string | null;
  readonly signingSecret: string | null;
}
export const SECRETS = 'incomingSecret signingSecret';

/** Lines that tell what is told this once. */
export function secretLines({ incomingPath }: Trigger, { incomingSecret, signingSecret }: MadeSecrets): string[] {
  return [
    ...(incomingSecret ? [`messages to ${incomingPath} are signed by  ${incomingSecret}`] : []),
    ...(signingSecret ? [`what it sends is signed by  ${signingSecret}`] : []),
  ];
}

export const SHOWN_ONCE = 'a secret is not shown again; `tailrace trigger rotate` makes another';

/** What a trigger listens to, in a few words. */
export function listensText(filter: Listens): string {
  if (filter.kind === 'event') return filter.where === undefined ? filter.event : `${filter.event} where …`;
  return filter.kind === 'schedule' ? `${filter.cron} ${filter.timeZone}` : 'incoming webhook';
}
