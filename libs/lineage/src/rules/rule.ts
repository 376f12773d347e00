import type { EventData, EventName } from '#contracts';
import type { EdgeSaid, GraphPart, NodeSaid } from '../model/graph.js';

type Rule<N extends EventName> = (data: EventData<N>) => GraphPart;
/** What events say about the graph, by name. */
export type Rules = { readonly [N in EventName]?: Rule<N> };

export const part = (nodes: readonly NodeSaid[], edges: readonly EdgeSaid[] = []): GraphPart => ({ nodes, edges });
export const edge = (from: string, relation: string, to: string): EdgeSaid => ({ from, relation, to });
/** An edge that is there when its end is. */
export const edgeIf = (from: string, relation: string, to: string | null | undefined): EdgeSaid[] =>
  to ? [edge(from, relation, to)] : [];
