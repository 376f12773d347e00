import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { parsePredictionId } from '#contracts';
import { decodeCursor, DomainError, encodeCursor } from '#kernel';
import { GraphView, type LineageNode, type Sight } from './graph.view.js';
import { kindOfNode, NODE_KINDS } from './model/graph.js';
import { MAX_WALK, walk, type Direction, type LineageEdge, type Walked } from './walk.js';

export interface LineageGraph {
  readonly root: string;
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  /** True when there is more behind `endCursor`. */
  readonly truncated: boolean;
  readonly endCursor: string | null;
  /** The time as of which it was asked; null: now. */
  readonly until: Date | null;
}

export interface Bounds {
  readonly depth: number;
  /** The graph as it was then. */
  readonly until?: Date | null;
  /** Only nodes of these kinds; what lies between them is an edge `rests_on`. */
  readonly kinds?: readonly string[] | null;
}
export interface Question extends Bounds {
  readonly direction: Direction;
  readonly first?: number | null;
  readonly after?: string | null;
}

/** A page of a walk before its nodes are read. */
export interface Reached extends Pick<Walked, 'edges' | 'seen'> {
  /** Where it began and the ends of the edges. */
  readonly ids: ReadonlySet<string>;
  readonly sight: Sight;
  readonly endCursor: string | null;
}

export const MAX_EDGES = 10_000;
export const MAX_DEPTH = 50;

/** Questions to the graph: what something rests on, what rests on it, and the way between two things. */
@Injectable()
export class LineageView {
  constructor(private readonly graph: GraphView) {}

  /**
   * Everything that `id` rests on (`upstream`), or that rests on it (`downstream`), nearest first, down to `depth` steps. `id` may be a prediction's. Throws
   * NOT_FOUND when the graph has no such node, BAD_INPUT.
   */
  async walk(ctx: Ctx, id: string, question: Question, without: readonly string[] = []): Promise<LineageGraph> {
    return this.described(ctx, id, await this.reach(ctx, id, question, without));
  }

  /** The edges of that answer alone, and the ids at their ends. Throws BAD_INPUT; nothing is known yet of a node that there is not. */
  async reach(ctx: Ctx, id: string, question: Question, without: readonly string[] = []): Promise<Reached> {
    checkBounds(question);
    const { first, skip, sight } = await this.page(question, without);
    const { id: start } = startOf(id);
    const plan = { ...question, start, enough: skip + first + 1 };
    const { edges: all, seen } = await walk(plan, this.graph.edges(ctx, question.direction, sight));
    const edges = all.slice(skip, skip + first);
    const ids = new Set([start, ...edges.flatMap(({ from, to }) => [from, to])]);
    const endCursor = all.length > skip + first ? encodeCursor(`${sight.through}:${skip + first}`) : null;
    return { edges, ids, seen, sight, endCursor };
  }

  /** What was reached, with its nodes. Throws NOT_FOUND when the graph does not know where it begins. */
  async described(ctx: Ctx, id: string, { edges, ids, sight, endCursor }: Reached): Promise<LineageGraph> {
    const { id: start, head } = startOf(id);
    const nodes = await this.found(ctx, start, id, [...ids], sight);
    return {
      root: id,
      nodes: [...head.nodes, ...nodes],
      edges: [...head.edges, ...edges],
      truncated: endCursor !== null,
      endCursor,
      until: sight.until,
    };
  }

  /** The shortest way from one thing to another, its nodes in order; null when there is none. Without a direction both are tried, upstream first. */
  async path(
    ctx: Ctx,
    from: string,
    to: string,
    bounds: Bounds & { readonly direction?: Direction | null },
  ): Promise<LineageGraph | null> {
    checkBounds(bounds);
    const sight = await this.graph.sight(bounds.until ?? null);
    const [start, end] = [startOf(from).id, startOf(to).id];
    for (const id of [from, to]) await this.found(ctx, startOf(id).id, id, [startOf(id).id], sight);
    for (const direction of bounds.direction ? [bounds.direction] : (['upstream', 'downstream'] as const)) {
      const edgesOf = this.graph.edges(ctx, direction, sight);
      const far = direction === 'upstream' ? 'to' : 'from';
      const within = async (near: readonly string[], limit: number) =>
        (await edgesOf(near, limit)).filter((edge) => edge[far] === end || isOfKinds(edge[far], bounds.kinds));
      const { by, seen } = await walk({ start, direction, depth: bounds.depth, enough: MAX_WALK }, within, end);
      if (seen.has(end)) return this.way(ctx, from, start, end, direction, by, sight);
    }
    return null;
  }

  private async way(
    ctx: Ctx,
    root: string,
    start: string,
    end: string,
    direction: Direction,
    by: Walked['by'],
    sight: Sight,
  ): Promise<LineageGraph> {
    const edges: LineageEdge[] = [];
    const ids = [end];
    for (let at = end; at !== start; at = ids.at(-1)!) {
      edges.push(by.get(at)!);
      ids.push(direction === 'upstream' ? by.get(at)!.from : by.get(at)!.to);
    }
    const nodes = new Map((await this.graph.nodes(ctx, ids, sight.until)).map((node) => [node.id, node]));
    const ordered = ids.reverse().flatMap((id) => nodes.get(id) ?? []);
    return { root, nodes: ordered, edges: edges.reverse(), truncated: false, endCursor: null, until: sight.until };
  }

  private async found(ctx: Ctx, start: string, asked: string, ids: readonly string[], sight: Sight): Promise<LineageNode[]> {
    const nodes = await this.graph.nodes(ctx, ids, sight.until);
    if (nodes.some((node) => node.id === start)) return nodes;
    throw new DomainError('NOT_FOUND', `the lineage graph does not know ${asked}${sight.until ? ' as of then' : ''}`, 'id');
  }

  private async page(
    { first, after, until }: Question,
    without: readonly string[],
  ): Promise<{ first: number; skip: number; sight: Sight }> {
    const limit = first ?? MAX_EDGES;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_EDGES)
      throw new DomainError('BAD_INPUT', `first must be between 1 and ${MAX_EDGES}, not ${limit}`, 'first');
    const sight = await this.graph.sight(until ?? null, without);
    if (!after) return { first: limit, skip: 0, sight };
    const [, through, skip] = /^(\d{1,18}):(\d{1,6})$/.exec(decodeCursor(after)) ?? [];
    if (!through || Number(skip) + limit > MAX_WALK)
      throw new DomainError(
        'BAD_INPUT',
        `after is not a cursor of this answer, or leads past ${MAX_WALK} edges; ask for a smaller part`,
        'after',
      );
    return { first: limit, skip: Number(skip), sight: { ...sight, through } };
  }
}

/** Where a question begins: a prediction is answered by its revision. */
function startOf(id: string): { id: string; head: Pick<LineageGraph, 'nodes' | 'edges'> } {
  const prediction = parsePredictionId(id);
  if (!prediction) return { id, head: { nodes: [], edges: [] } };
  const label = `prediction ${id.slice(-6)} on node ${prediction.nodeId.slice(-6)}`;
  const node = { id, kind: 'prediction', label, state: null, at: null, goneAt: null };
  const start = prediction.revisionId;
  return { id: start, head: { nodes: [node], edges: [{ from: id, to: start, relation: 'answered_by' }] } };
}

/** Throws BAD_INPUT for a depth or a kind that there is not. */
export function checkBounds({ depth, kinds }: Bounds): void {
  if (!Number.isInteger(depth) || depth < 1 || depth > MAX_DEPTH)
    throw new DomainError('BAD_INPUT', `depth must be between 1 and ${MAX_DEPTH}`, 'depth');
  const unknown = kinds?.find((kind) => !NODE_KINDS.includes(kind as never));
  if (unknown !== undefined)
    throw new DomainError('BAD_INPUT', `there is no kind ${unknown}; kinds are ${NODE_KINDS.join(', ')}`, 'kinds');
}

function isOfKinds(id: string, kinds: Bounds['kinds']): boolean {
  return !kinds || kinds.includes(kindOfNode(id) ?? '');
}
