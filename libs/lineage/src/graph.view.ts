import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readablePaths, type Ctx } from '#access';
import { select } from '#database';
import type { Phase } from './graph-fold.js';
import { kindOfNode, shortLabel, type NodeKind } from './model/graph.js';
import type { Direction, EdgesOf, LineageEdge } from './walk.js';

export interface LineageNode {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly state: string | null;
  /** Since when it is known. */
  readonly at: Date | null;
  /** Since when it is deleted or invalid. */
  readonly goneAt: Date | null;
}

/** The graph as one question sees it. */
export interface Sight {
  /** As it was then; null: as it is. */
  readonly until: Date | null;
  /** Of the last event that is in it: what comes later leaves the pages of an answer as they are. */
  readonly through: string;
  /** Relations that the question does not follow. */
  readonly without?: readonly string[];
}

interface NodeRow extends LineageNode {
  readonly phases: readonly Phase[] | null;
}

/** What belongs to no project may be seen by everybody who comes to it from what he may see. */
const SHARED = `('blob', 'code', 'diff', 'lockfile', 'environment', 'preparation', 'stage_flow')`;
/** SQL over a node `n`: whether who may read these projects may see it. */
export const covered = (paths: string) =>
  `(case when n.project is null then n.kind in ${SHARED} else exists (select 1 from unnest(${paths}::text[]) p where n.project = p or p = '/' or starts_with(n.project, p || '/')) end)`;

const edgeSql = (near: string, far: string, more: string) =>
  `select from_id as "from", to_id as "to", relation from lineage_edge e
    where workspace_id = $1 and ${near} = any($2) and sequence <= $3 and at <= $4 and relation <> all($5) ${more} order by sequence, ${far}, relation limit $6`;
const seen = (far: string) =>
  `and exists (select 1 from lineage_node n where n.workspace_id = $1 and n.id = e.${far} and ${covered('$7')})`;
const EDGES = {
  upstream: { all: edgeSql('from_id', 'to_id', ''), some: edgeSql('from_id', 'to_id', seen('to_id')) },
  downstream: { all: edgeSql('to_id', 'from_id', ''), some: edgeSql('to_id', 'from_id', seen('from_id')) },
};

/** Kinds that are versions or revisions of something. */
const PARTS: ReadonlySet<NodeKind | undefined> = new Set([
  'dataset_version',
  'model_version',
  'revision',
  'template_revision',
] as const);

/** Rows of the graph, as far as the caller may see it. */
@Injectable()
export class GraphView {
  constructor(private readonly dataSource: DataSource) {}

  /** The graph of now. */
  async sight(until: Date | null, without: readonly string[] = []): Promise<Sight> {
    const rows = await select<{ position: string }>(
      this.dataSource,
      `select position from log_cursor where consumer = 'lineage'`,
      [],
    );
    return { until, through: rows[0]?.position ?? '0', without };
  }

  edges(ctx: Ctx, direction: Direction, { until, through, without = [] }: Sight): EdgesOf {
    const paths = readablePaths(ctx, 'lineage.read');
    const sql = EDGES[direction][paths ? 'some' : 'all'];
    return (near, limit) =>
      select<LineageEdge>(this.dataSource, sql, [
        ctx.workspaceId,
        near,
        through,
        until ?? 'infinity',
        without,
        limit,
        ...(paths ? [paths] : []),
      ]);
  }

  /** Nodes by id, in the order in which they came to be; none of what the caller may not see. */
  async nodes(ctx: Ctx, ids: readonly string[], until: Date | null): Promise<LineageNode[]> {
    const paths = readablePaths(ctx, 'lineage.read') ?? ['/'];
    const rows = await select<NodeRow>(
      this.dataSource,
      `select id, kind, label, state, at, gone_at as "goneAt", case when $3 then phases end as phases from lineage_node n
        where workspace_id = $1 and id = any($2) and ($4 or ${covered('$5')}) order by at, id`,
      [ctx.workspaceId, ids, until !== null, paths.includes('/'), paths],
    );
    return rows.flatMap((row) => (until && row.at! > until ? [] : nodeAt(row, until)));
  }

  /** Ids of versions of models that stand in a stage, or with `until` ever stood there, in their order. */
  async inStage(ctx: Ctx, stage: string, until: Date | null, after: string, limit: number): Promise<string[]> {
    const rows = await select<{ id: string }>(
      this.dataSource,
      `select id from lineage_node where workspace_id = $1 and kind = 'model_version' and id > $4
          and (case when $5 then phases @> jsonb_build_array(jsonb_build_object('state', $2::text)) else state = $2 end) order by id limit $3`,
      [ctx.workspaceId, stage, limit, after, until !== null],
    );
    return rows.map(({ id }) => id);
  }

  /** The other ends of what nodes are part of: models of versions, endpoints of revisions. */
  async wholes(ctx: Ctx, all: readonly string[], sight: Sight): Promise<LineageEdge[]> {
    const ids = all.filter((id) => PARTS.has(kindOfNode(id)));
    if (ids.length === 0) return [];
    return select<LineageEdge>(
      this.dataSource,
      `select from_id as "from", to_id as "to", relation from lineage_edge
        where workspace_id = $1 and from_id = any($2) and relation in ('version_of', 'revision_of') and sequence <= $3 and at <= $4 order by sequence, to_id`,
      [ctx.workspaceId, ids, sight.through, sight.until ?? 'infinity'],
    );
  }
}

function nodeAt({ phases, ...row }: NodeRow, until: Date | null): LineageNode {
  const label = row.label || shortLabel(row.id);
  if (!until) return { ...row, label };
  const past = (phases ?? []).filter(({ at }) => new Date(at) <= until);
  const moved = past.findLast(({ gone }) => gone !== undefined);
  const state = past.findLast((phase) => phase.state !== undefined)?.state ?? null;
  return { ...row, label, state, goneAt: moved?.gone ? new Date(moved.at) : null };
}
