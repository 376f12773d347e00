import { Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly removedAt: string | null;
  readonly grants: readonly { readonly path: string; readonly role: string }[];
}

/** A role, and where it is good. */
export const roleFlags = {
  role: Flags.string({
    description: 'Each has all that the one before it has.',
    options: ['viewer', 'editor', 'approver', 'admin'],
    required: true,
  }),
  project: Flags.string({ description: 'Project path that the role is good for; / when absent.' }),
};

export const MEMBER = 'id name createdAt removedAt grants { path role }';
const MEMBERS = `query ($first: Int, $after: String) { members(first: $first, after: $after) { ${PAGE_INFO} edges { node { ${MEMBER} } } } }`;

export function members(client: TailraceClient): Promise<{ readonly nodes: Member[] }> {
  return listNodes<Member>(client, MEMBERS);
}

export async function memberOf(client: TailraceClient, name: string): Promise<Member> {
  const found = (await members(client)).nodes.find((member) => member.name === name || member.id === name);
  if (found) return found;
  throw new Failure(`there is no member ${JSON.stringify(name)}; \`tailrace member list\` shows those that are`, EXIT.notFound);
}

/** Calls a mutation of members, which answers the member as it is then. */
export async function changed(client: TailraceClient, mutation: string, variables: Record<string, unknown>): Promise<Member> {
  return (await client.mutateWith<{ member: Member }>(mutation, variables)).member;
}

/** `admin of /, editor of /shop`. */
export function rolesText({ grants, removedAt }: Member): string {
  return removedAt ? 'removed' : grants.map(({ path, role }) => `${role} of ${path}`).join(', ') || 'none';
}
