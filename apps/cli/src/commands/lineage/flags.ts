import { Flags } from '@oclif/core';
import { EXIT, Failure } from '../../exit-codes.js';
import { clean } from '../../output/clean.js';
import type { TreeGraph } from '../../output/tree.js';

/** What bounds every question to the graph. */
export const boundFlags = {
  depth: Flags.integer({ description: 'Steps at most.', default: 20, min: 1, max: 50 }),
  kind: Flags.string({ description: 'Only nodes of this kind; may be given more than once.', multiple: true }),
  until: Flags.string({ description: 'The graph as it was then (ISO 8601).' }),
};
export const stageFlag = { stage: Flags.string({ description: 'Stage that counts as production.', default: 'production' }) };

export interface BoundFlags {
  readonly depth: number;
  readonly kind?: readonly string[];
  readonly until?: string;
}

/** The flags as variables of a query. */
export function boundsOf({ depth, kind, until }: BoundFlags) {
  const at = until === undefined ? null : new Date(until);
  if (at && Number.isNaN(at.getTime()))
    throw new Failure(`--until takes a time like 2026-01-31T12:00:00Z, not ${until}`, EXIT.usage);
  return { depth, kinds: kind ?? null, until: at?.toISOString() ?? null };
}

/** Variables and arguments that `boundsOf` fills. */
export const BOUND_VARIABLES = '$depth: Int!, $kinds: [String!], $until: DateTime';
export const BOUND_ARGS = 'depth: $depth, kinds: $kinds, until: $until';
export const NODE = 'id kind label state at goneAt';

export interface NodeView {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly state: string | null;
  readonly goneAt: string | null;
}

export interface GraphView extends TreeGraph {
  readonly nodes: readonly NodeView[];
  readonly truncated: boolean;
  readonly endCursor: string | null;
}

/** Kind, label and state in one line; what others wrote is cleaned of control characters. */
export function nodeText({ kind, label, state, goneAt }: NodeView): string {
  const more = [state && /^[A-Za-z0-9_ ]{1,24}$/.test(state) ? state : null, goneAt ? 'gone' : null].filter(Boolean).join(', ');
  return `${kind.replaceAll('_', ' ')} ${clean(label)}${more ? ` (${clean(more)})` : ''}`;
}
