import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readablePaths, type Ctx } from '#access';
import type { LineageWriter, OpenLineageEvent } from '#contracts';
import { select } from '#database';
import type { Phase } from '../graph-fold.js';
import { covered } from '../graph.view.js';
import type { LineageEdge } from '../walk.js';
import { eventsOfPart, EXPORTED_KINDS, type GraphPart, type PartNode } from './events-of-part.js';

/** A line of an export of the graph as it is. */
export type GraphLine = { readonly node: PartNode } | { readonly edge: LineageEdge & { readonly at: Date } };

const PAGE = 200;
const MOST_EDGES = 50_000;

/** Edges by which a run's ends and things' names are found: what is exported is looked at from both sides, what only names it from above. */
const UPWARDS = ['part_of', 'made_by', 'trained_on', 'used', 'version_of'];
const DOWNWARDS = ['produced_by', 'logged_by'];
const NAMING = ['part_of', 'made_by', 'configured_by', 'revision_of', 'version_of', 'serves'];
/** Run, job, revision of a template, template; the same of a parent is one longer. */
const HOPS = 5;

const NODE = 'n.id, n.kind, n.label, n.project, n.state, n.at, n.gone_at as "goneAt", n.phases';
const BY_IDS = `select ${NODE} from lineage_node n where n.workspace_id = $1 and n.id = any($2) and ($3 or ${covered('$4')})`;
const NEXT = `select n.id from lineage_node n where n.workspace_id = $1 and n.kind = $2 and n.id > $3 and ($4 or ${covered('$5')}) order by n.id limit ${PAGE}`;

const edgesBy = (end: 'from_id' | 'to_id') => `select from_id as "from", to_id as "to", relation from lineage_edge
  where workspace_id = $1 and ${end} = any($2) and relation = any($3) and at <= $4 order by sequence, from_id, to_id limit ${MOST_EDGES}`;

/** Everybody comes to a thing of no project from one that he may see; here that is looked for. */
const inProject = (alias: string) =>
  `exists (select 1 from unnest($4::text[]) p where ${alias}.project = p or starts_with(${alias}.project, p || '/'))`;
const touched = `(${inProject('n')} or n.project is null and ${covered('$4')} and (
    exists (select 1 from lineage_edge e join lineage_node m on m.workspace_id = e.workspace_id and m.id = e.from_id
      where e.workspace_id = n.workspace_id and e.to_id = n.id and ${inProject('m')})))`;
const ALL_NODES = `select ${NODE} from lineage_node n where n.workspace_id = $1 and n.id > $2 and ($3 or ${touched}) order by n.id limit ${PAGE}`;
const ALL_EDGES = `select e.from_id as "from", e.to_id as "to", e.relation, e.at from lineage_edge e
  where e.workspace_id = $1 and (e.from_id, e.to_id, e.relation) > ($2, $5, $6) and ($3 or
    exists (select 1 from lineage_node n where n.workspace_id = $1 and n.id = e.from_id and ${inProject('n')})
    and exists (select 1 from lineage_node n where n.workspace_id = $1 and n.id = e.to_id and ${covered('$4')}))
  order by e.from_id, e.to_id, e.relation limit ${PAGE}`;

/** The graph for others, as far as the caller may see it. */
@Injectable()
export class ExportView {
  constructor(private readonly dataSource: DataSource) {}

  /** What these nodes are to OpenLineage, in the order in which it happened; nodes that mean nothing there are left out. `until`: as they were then. */
  async eventsOf(ctx: Ctx, ids: readonly string[], until: Date | null, write: LineageWriter): Promise<OpenLineageEvent[]> {
    const events: OpenLineageEvent[] = [];
    const unique = [...new Set(ids)];
    for (let from = 0; from < unique.length; from += PAGE)
      events.push(...eventsOfPart(await this.part(ctx, unique.slice(from, from + PAGE), until), write));
    return events.sort((a, b) => a.eventTime.localeCompare(b.eventTime));
  }

  /** Everything, kind by kind, in pages of what came first: data before the runs that read it. Each page as its own answer, in the order of time. */
  async *events(ctx: Ctx, write: LineageWriter): AsyncGenerator<OpenLineageEvent[]> {
    const [all, paths] = rightsOf(ctx);
    for (const kind of EXPORTED_KINDS)
      for (let after = ''; ;) {
        const rows = await select<{ id: string }>(this.dataSource, NEXT, [ctx.workspaceId, kind, after, all, paths]);
        if (rows.length === 0) break;
        const ids = rows.map(({ id }) => id);
        yield eventsOfPart(await this.part(ctx, ids, null), write);
        after = ids.at(-1)!;
      }
  }

  /** Every node, then every edge, in pages. */
  async *lines(ctx: Ctx): AsyncGenerator<GraphLine[]> {
    const [all, paths] = rightsOf(ctx);
    for (let after = ''; ;) {
      const nodes = await select<PartNode>(this.dataSource, ALL_NODES, [ctx.workspaceId, after, all, paths]);
      if (nodes.length === 0) break;
      yield nodes.map((node) => ({ node }));
      after = nodes.at(-1)!.id;
    }
    for (let last: LineageEdge = { from: '', to: '', relation: '' }; ;) {
      const params = [ctx.workspaceId, last.from, all, paths, last.to, last.relation];
      const edges = await select<LineageEdge & { at: Date }>(this.dataSource, ALL_EDGES, params);
      if (edges.length === 0) return;
      yield edges.map((edge) => ({ edge }));
      last = edges.at(-1)!;
    }
  }

  /** Nodes with what names them and what they are ends of. What the caller may not see is not in it. */
  private async part(ctx: Ctx, ids: readonly string[], until: Date | null): Promise<GraphPart> {
    const nodes = new Map((await this.nodes(ctx, ids)).map((node) => [node.id, node]));
    const wanted = ids.filter((id) => nodes.has(id));
    const down = await this.edges(ctx, 'to_id', wanted, DOWNWARDS, until);
    const edges = [...down, ...(await this.edges(ctx, 'from_id', wanted, UPWARDS, until))];
    // An endpoint's state is the revision that answers.
    const serving = wanted.flatMap((id) => (nodes.get(id)!.kind === 'endpoint' ? (nodes.get(id)!.state ?? []) : []));
    let frontier = [...serving, ...edges.flatMap(({ from, to }) => [from, to])];
    for (let hop = 0; hop < HOPS; hop++) {
      const fresh = [...new Set(frontier)].filter((id) => !nodes.has(id));
      if (fresh.length === 0) break;
      for (const node of await this.nodes(ctx, fresh)) nodes.set(node.id, node);
      const named = await this.edges(
        ctx,
        'from_id',
        fresh.filter((id) => nodes.has(id)),
        NAMING,
        until,
      );
      edges.push(...named);
      frontier = named.map(({ to }) => to);
    }
    const seen = edges.filter(({ from, to }) => nodes.has(from) && nodes.has(to));
    return { wanted, nodes: until ? asOf(nodes, until) : nodes, edges: seen };
  }

  private nodes(ctx: Ctx, ids: readonly string[]): Promise<PartNode[]> {
    const [all, paths] = rightsOf(ctx);
    return select(this.dataSource, BY_IDS, [ctx.workspaceId, ids, all, paths]);
  }

  private edges(
    ctx: Ctx,
    end: 'from_id' | 'to_id',
    ids: readonly string[],
    relations: readonly string[],
    until: Date | null,
  ): Promise<LineageEdge[]> {
    return select(this.dataSource, edgesBy(end), [ctx.workspaceId, ids, relations, until ?? 'infinity']);
  }
}

function rightsOf(ctx: Ctx): readonly [all: boolean, paths: readonly string[]] {
  const paths = readablePaths(ctx, 'lineage.read');
  return [paths === undefined, paths ?? []];
}

function asOf(nodes: ReadonlyMap<string, PartNode>, until: Date): Map<string, PartNode> {
  const past = (phases: readonly Phase[]) => phases.filter(({ at }) => new Date(at) <= until);
  const then = [...nodes.values()].filter(({ at }) => at <= until).map((node) => ({ ...node, phases: past(node.phases) }));
  return new Map(
    then.map((node) => [node.id, { ...node, state: node.phases.findLast(({ state }) => state !== undefined)?.state ?? null }]),
  );
}
