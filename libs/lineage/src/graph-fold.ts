import type { LoggedEvent } from '#contracts';
import { kindOfNode, type NodeKind } from './model/graph.js';
import { graphOfEvent } from './rules/graph-of-event.js';

/** One change of what a node is. `sequence` is the event's that said it. */
export interface Phase {
  readonly sequence: string;
  readonly at: string;
  readonly state?: string;
  readonly gone?: boolean;
}

/** What a row of events says of a node, in their order. */
export interface NodeChange {
  readonly workspaceId: string;
  readonly id: string;
  readonly kind: NodeKind;
  /** Of the first of them. */
  readonly at: string;
  readonly sequence: string;
  label: string;
  labelSequence: string;
  project: string | null;
  within: string | null;
  readonly phases: Phase[];
}

export interface NewEdge {
  readonly workspaceId: string;
  readonly from: string;
  readonly to: string;
  readonly relation: string;
  readonly eventId: string;
  readonly sequence: string;
  readonly at: string;
}

export interface Changes {
  readonly nodes: readonly NodeChange[];
  readonly edges: readonly NewEdge[];
}

/** What numbered events say, together: one change for each node, and each edge once, by the first that says it. Ends that no event names are nodes too. */
export function foldEvents(events: readonly LoggedEvent[]): Changes {
  const fold = new Fold();
  for (const event of events) fold.add(event);
  return { nodes: [...fold.nodes.values()], edges: [...fold.edges.values()] };
}

class Fold {
  readonly nodes = new Map<string, NodeChange>();
  readonly edges = new Map<string, NewEdge>();

  add(event: LoggedEvent): void {
    const { nodes, edges } = graphOfEvent(event);
    const sequence = event.sequence!;
    const at = event.time.toISOString();
    for (const { id, label, project, within, state, gone } of nodes) {
      const node = this.node(event, id);
      if (!node) continue;
      if (label) Object.assign(node, { label, labelSequence: sequence });
      node.project ??= project ?? null;
      node.within ??= within ?? null;
      if (state !== undefined || gone !== undefined) node.phases.push({ sequence, at, state, gone });
    }
    for (const { from, to, relation } of edges) {
      if (!this.node(event, from) || !this.node(event, to)) continue;
      const key = JSON.stringify([event.workspaceId, from, to, relation]);
      if (!this.edges.has(key))
        this.edges.set(key, { workspaceId: event.workspaceId, from, to, relation, eventId: event.id, sequence, at });
    }
  }

  /** Undefined for an id that is no node's. */
  private node({ workspaceId, sequence, time }: LoggedEvent, id: string): NodeChange | undefined {
    const kind = kindOfNode(id);
    if (!kind) return undefined;
    const key = `${workspaceId} ${id}`;
    let node = this.nodes.get(key);
    if (!node) {
      const first = { at: time.toISOString(), sequence: sequence!, label: '', labelSequence: '0', project: null, within: null };
      node = { workspaceId, id, kind, ...first, phases: [] };
      this.nodes.set(key, node);
    }
    return node;
  }
}
