import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Ctx } from '#access';
import { parsePredictionId } from '#contracts';
import { select } from '#database';
import { DomainError } from '#kernel';

export interface LineageNode {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
}
export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  readonly relation: string;
}
export interface LineageGraph {
  readonly root: string;
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  /** True when the answer was cut at MAX_EDGES. */
  readonly truncated: boolean;
}

export const MAX_EDGES = 10_000;
export const MAX_DEPTH = 50;

/** Questions to the graph. A walk keeps a set of what it has seen and asks one statement per level. */
@Injectable()
export class LineageView {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Everything that `id` rests on (`upstream`), or that rests on it (`downstream`), down to `depth` steps. `id` may be a prediction's. Throws
   * NOT_FOUND when the graph has no such node.
   */
  async walk(ctx: Ctx, id: string, direction: 'upstream' | 'downstream', depth: number): Promise<LineageGraph> {
    if (!Number.isInteger(depth) || depth < 1 || depth > MAX_DEPTH)
      throw new DomainError('BAD_INPUT', `depth must be between 1 and ${MAX_DEPTH}`, 'depth');
    const prediction = parsePredictionId(id);
    const start = prediction?.revisionId ?? id;
    const seen = new Set([start]);
    const edges: LineageEdge[] = [];
    let frontier = [start];
    for (let level = 0; level < depth && frontier.length > 0 && edges.length < MAX_EDGES; level++) {
      const found = await this.edgesOf(ctx, frontier, direction, MAX_EDGES - edges.length);
      edges.push(...found);
      frontier = [...new Set(found.map((edge) => (direction === 'upstream' ? edge.to : edge.from)))].filter(
        (next) => !seen.has(next),
      );
      frontier.forEach((next) => seen.add(next));
    }
    const nodes = await this.nodesOf(ctx, [...seen]);
    if (!nodes.some((node) => node.id === start))
      throw new DomainError('NOT_FOUND', `the lineage graph does not know ${id}`, 'id');
    const truncated = edges.length >= MAX_EDGES;
    if (!prediction) return { root: id, nodes, edges, truncated };
    const node = { id, kind: 'prediction', label: `prediction ${id.slice(-6)} on node ${prediction.nodeId.slice(-6)}` };
    return { root: id, nodes: [node, ...nodes], edges: [{ from: id, to: start, relation: 'answered_by' }, ...edges], truncated };
  }

  private async edgesOf(
    ctx: Ctx,
    ids: readonly string[],
    direction: 'upstream' | 'downstream',
    limit: number,
  ): Promise<LineageEdge[]> {
    const column = direction === 'upstream' ? 'from_id' : 'to_id';
    return select<LineageEdge>(
      this.dataSource,
      `select from_id as "from", to_id as "to", relation from lineage_edge where workspace_id = $1 and ${column} = any($2) order by at, to_id limit $3`,
      [ctx.workspaceId, ids, limit],
    );
  }

  private async nodesOf(ctx: Ctx, ids: readonly string[]): Promise<LineageNode[]> {
    return select<LineageNode>(
      this.dataSource,
      'select id, kind, label from lineage_node where workspace_id = $1 and id = any($2) order by at',
      [ctx.workspaceId, ids],
    );
  }
}
