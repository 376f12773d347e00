import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';

export interface Template {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly revision: number;
  readonly experiment: string;
  readonly registerAs: string | null;
  readonly createdAt: string;
  readonly dataset: { readonly id: string; readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export const TEMPLATE = 'id name project revision experiment registerAs createdAt dataset { id name } spec';

const BY_NAME = `query ($name: String!) { trainingTemplates(first: 1, where: { name: $name }) { edges { node { ${TEMPLATE} } } } }`;

export async function templateNamed(client: TailraceClient, name: string): Promise<Template | undefined> {
  const data = await client.query<{ trainingTemplates: { edges: { node: Template }[] } }>(BY_NAME, { name });
  return data.trainingTemplates.edges[0]?.node;
}

/** A template by its name. Throws Failure. */
export async function templateOf(client: TailraceClient, name: string): Promise<Template> {
  const found = await templateNamed(client, name);
  if (found) return found;
  throw new Failure(
    `there is no template ${JSON.stringify(name)}; \`tailrace template list\` shows those that are`,
    EXIT.notFound,
  );
}
