import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { renderFacts } from '../../output/table.js';
import { timeText } from '../../output/units.js';

export interface Revision {
  readonly id: string;
  readonly number: number;
  readonly state: 'PENDING' | 'READY' | 'RETIRED' | 'FAILED';
  readonly reason: string | null;
  readonly createdAt: string;
  readonly readyAt: string | null;
  readonly modelVersion: { readonly id: string; readonly number: number; readonly stage: string };
}

export interface Endpoint {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly stage: string;
  readonly createdAt: string;
  readonly model: { readonly id: string; readonly name: string };
  readonly revision: Revision | null;
}

export const REVISION = 'id number state reason createdAt readyAt modelVersion { id number stage }';
export const ENDPOINT = `id name project stage createdAt model { id name } revision { ${REVISION} }`;

const BY_NAME = `query ($name: String!) { endpoints(first: 1, where: { name: $name }) { edges { node { ${ENDPOINT} } } } }`;

/** An endpoint by its name. Throws Failure. */
export async function endpointOf(client: TailraceClient, name: string): Promise<Endpoint> {
  const { endpoints } = await client.query<{ endpoints: { edges: { node: Endpoint }[] } }>(BY_NAME, { name });
  if (endpoints.edges[0]) return endpoints.edges[0].node;
  throw new Failure(
    `there is no endpoint ${JSON.stringify(name)}; \`tailrace endpoint list\` shows those that are`,
    EXIT.notFound,
  );
}

/** What it serves, as lines. */
export function describeEndpoint({ name, id, project, model, stage, revision, createdAt }: Endpoint): string {
  return renderFacts({
    endpoint: name,
    id,
    project,
    follows: `${model.name} in ${stage}`,
    serves: revision ? `version ${revision.modelVersion.number}` : 'nothing yet',
    revision: revision ? `${revision.number}  ${revision.state}` : undefined,
    reason: revision?.reason ?? undefined,
    created: timeText(createdAt),
  });
}
