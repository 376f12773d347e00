import type { TailraceClient } from '../../client/tailrace-client.js';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { clean } from '../../output/clean.js';

export interface GateResult {
  readonly gate: Readonly<Record<string, unknown>>;
  readonly outcome: 'passed' | 'failed' | 'unknown';
  readonly message: string;
  readonly observed: number | null;
}

export interface StageRequest {
  readonly id: string;
  readonly stage: string;
  readonly state: 'EVALUATING' | 'BLOCKED' | 'AWAITING_APPROVAL' | 'RECHECKING' | 'DONE' | 'REJECTED' | 'STALE';
  readonly reason: string | null;
  readonly gates: GateResult[];
  readonly createdAt: string;
  readonly endedBecause: string | null;
  readonly decidedAt: string | null;
  readonly requestedBy: { name: string } | null;
  readonly approvals: { decision: string; comment: string | null; at: string; member: { name: string } | null }[];
  readonly version: { id: string; number: number; model: { id: string; name: string } };
}

export const REQUEST = `id stage state reason endedBecause gates { gate outcome message observed } createdAt decidedAt requestedBy { name }
  approvals { decision comment at member { name } } version { id number model { id name } }`;

export const READ_REQUEST = `query ($id: ID!) { node(id: $id) { ... on StageRequest { ${REQUEST} } } }`;

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** `a=1, b=2`; undefined where there are none. */
export function tagsText(tags: readonly Tag[]): string | undefined {
  return tags.map(({ key, value }) => `${key}=${value}`).join(', ') || undefined;
}

interface TagChange {
  readonly key: string;
  readonly value: string | null;
}

const MODEL = 'query ($name: String!) { models(first: 1, where: { name: $name }) { edges { node { id } } } }';
const VERSIONS = `query ($id: ID!, $first: Int, $after: String) { modelVersions(where: { modelId: $id }, first: $first, after: $after) {
  ${PAGE_INFO} edges { node { id number } } } }`;

export async function modelIdOf(client: TailraceClient, name: string): Promise<string> {
  const { models } = await client.query<{ models: { edges: { node: { id: string } }[] } }>(MODEL, { name });
  if (models.edges[0]) return models.edges[0].node.id;
  throw new Failure(`there is no model ${JSON.stringify(name)}; \`tailrace model list\` shows those that are`, EXIT.notFound);
}

/** Writes a change of tags as the API takes it: `NAME=VALUE` sets, a name alone removes. Throws Failure. */
export function tagChanges(set: readonly string[] = [], removed: readonly string[] = []): TagChange[] {
  const pairs = set.map((text) => {
    const at = text.indexOf('=');
    if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) };
    throw new Failure(`--tag: must be NAME=VALUE, not ${JSON.stringify(text)}`, EXIT.usage);
  });
  return [...pairs, ...removed.map((key) => ({ key, value: null }))];
}

export async function versionIdOf(client: TailraceClient, name: string, number: number): Promise<string> {
  const { nodes } = await listNodes<{ id: string; number: number }>(client, VERSIONS, { id: await modelIdOf(client, name) });
  const found = nodes.find((version) => version.number === number);
  if (found) return found.id;
  throw new Failure(`model ${name} has no version ${number}; \`tailrace model show ${name}\` lists them`, EXIT.notFound);
}

const MARKS: Readonly<Record<GateResult['outcome'], string>> = { passed: 'passed ', failed: 'failed ', unknown: 'unknown' };

export function gateLines(gates: readonly GateResult[]): string[] {
  return gates.map(({ gate, outcome, message }) => `  ${MARKS[outcome]}  ${String(gate['kind'])}: ${clean(message)}`);
}

/** A request as text: where it stands, each gate, each approval. */
export function requestText(request: StageRequest): string {
  const { id, version, stage, state, reason, endedBecause } = request;
  const head = `${clean(version.model.name)} version ${version.number} -> ${stage}  ${state}  ${id}`;
  const approvals = request.approvals.map(
    ({ decision, member, comment }) =>
      `  ${decision} by ${clean(member?.name ?? 'somebody who left')}${comment ? `: ${clean(comment)}` : ''}`,
  );
  const asked = reason ? [`  reason: ${clean(reason)}`] : [];
  const ended = endedBecause ? [`  ended: ${clean(endedBecause)}`] : [];
  return [head, ...asked, ...ended, ...gateLines(request.gates), ...approvals].join('\n');
}
