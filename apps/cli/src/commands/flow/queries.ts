import type { TailraceClient } from '../../client/tailrace-client.js';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { EXIT, Failure } from '../../exit-codes.js';

export interface StageFlow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly revision: number;
  readonly updatedAt: string;
  readonly flow: { readonly stages: readonly Stage[] };
}

export interface Stage {
  readonly name: string;
  readonly holds: 'one' | 'many';
  readonly from: readonly string[];
  readonly gates: readonly { readonly kind: string }[];
  readonly approvals: number;
}

const FLOW = 'id name description revision updatedAt flow';
const LIST = `query ($first: Int, $after: String) { stageFlows(first: $first, after: $after) { ${PAGE_INFO} edges { node { ${FLOW} } } } }`;

export async function flows(client: TailraceClient): Promise<StageFlow[]> {
  return (await listNodes<StageFlow>(client, LIST)).nodes;
}

export async function flowNamed(client: TailraceClient, name: string): Promise<StageFlow> {
  const found = (await flows(client)).find((flow) => flow.name === name);
  if (found) return found;
  throw new Failure(`there is no stage flow ${JSON.stringify(name)}; \`tailrace flow list\` shows those that are`, EXIT.notFound);
}
