import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { Changes, NodeChange } from './graph-fold.js';

/** The graph that is asked, and one beside it that is being built; the latter is gone with its transaction. */
export const LIVE = { node: 'lineage_node', edge: 'lineage_edge' } as const;
export const SHADOW = { node: 'lineage_shadow_node', edge: 'lineage_shadow_edge' } as const;
export type Tables = typeof LIVE | typeof SHADOW;

/** Writes what events say of the graph. Events come in the order of the log, and each once. */
@Injectable()
export class GraphStore {
  async apply(tx: Tx, changes: Changes, tables: Tables): Promise<void> {
    if (changes.nodes.length > 0) await this.putNodes(tx, changes.nodes, tables);
    if (changes.edges.length === 0) return;
    await tx.query(
      `insert into ${tables.edge} (workspace_id, from_id, to_id, relation, event_id, sequence, at)
       select * from jsonb_to_recordset($1) as e("workspaceId" text, "from" text, "to" text, relation text, "eventId" text, sequence bigint, at timestamptz)
       on conflict do nothing`,
      [JSON.stringify(changes.edges)],
    );
  }

  private async putNodes(tx: Tx, nodes: readonly NodeChange[], tables: Tables): Promise<void> {
    const projectOf = await this.projects(tx, nodes, tables);
    const rows = nodes.map((node) => ({ ...node, project: projectOf(node), ...lastOf(node) }));
    await tx.query(
      `insert into ${tables.node} as n (workspace_id, id, kind, label, label_sequence, project, at, sequence, state, gone_at, phases)
       select e."workspaceId", e.id, e.kind, e.label, e."labelSequence", e.project, e.at, e.sequence, e.state, e."goneAt", e.phases
         from jsonb_to_recordset($1) as e("workspaceId" text, id text, kind text, label text, "labelSequence" bigint, project text, at timestamptz,
              sequence bigint, state text, "goneAt" timestamptz, phases jsonb)
       on conflict (workspace_id, id) do update set
         label = case when excluded.label = '' then n.label else excluded.label end,
         label_sequence = greatest(n.label_sequence, excluded.label_sequence),
         project = coalesce(n.project, excluded.project),
         state = coalesce(excluded.state, n.state),
         gone_at = case when jsonb_path_exists(excluded.phases, '$[*].gone') then excluded.gone_at else n.gone_at end,
         phases = n.phases || excluded.phases`,
      [JSON.stringify(rows)],
    );
  }

  /** A node without a project of its own has that of the node it is within, which came before it or with it. */
  private async projects(tx: Tx, nodes: readonly NodeChange[], tables: Tables): Promise<(node: NodeChange) => string | null> {
    const key = (workspaceId: string, id: string) => `${workspaceId} ${id}`;
    const outer = nodes.flatMap(({ workspaceId, within }) => (within ? [{ workspaceId, id: within }] : []));
    const rows = await tx.query<{ workspace_id: string; id: string; project: string | null }>(
      `select n.workspace_id, n.id, n.project from ${tables.node} n
         join jsonb_to_recordset($1) as w("workspaceId" text, id text) on w."workspaceId" = n.workspace_id and w.id = n.id`,
      [JSON.stringify(outer)],
    );
    const known = new Map(rows.map((row) => [key(row.workspace_id, row.id), row.project]));
    const fresh = new Map(nodes.map((node) => [key(node.workspaceId, node.id), node]));
    const projectOf = ({ workspaceId, project, within }: NodeChange): string | null => {
      if (project || !within) return project;
      const place = key(workspaceId, within);
      return known.get(place) ?? (fresh.has(place) ? projectOf(fresh.get(place)!) : null);
    };
    return projectOf;
  }
}

/** State and time of going as the last phases leave them. */
function lastOf({ phases }: NodeChange): { state: string | null; goneAt: string | null } {
  const moved = phases.findLast(({ gone }) => gone !== undefined);
  return {
    state: phases.findLast(({ state }) => state !== undefined)?.state ?? null,
    goneAt: moved?.gone ? moved.at : null,
  };
}
