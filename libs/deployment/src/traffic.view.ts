import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readablePaths, type Ctx } from '#access';
import { LATENCY_BOUNDS_MS } from '#contracts';
import { select } from '#database';

/** What a model version has answered in production, over all endpoints, revisions and nodes. */
export interface VersionTraffic {
  readonly modelVersionId: string;
  readonly requests: number;
  readonly rows: number;
  readonly refused: number;
  readonly errors: number;
  /** Upper bounds in milliseconds of the bins that hold the median and the 95th percentile; null where nothing was answered, or it took longer than any bound. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly classes: readonly { readonly name: string; readonly rows: number }[];
  readonly firstAt: Date;
  readonly lastAt: Date;
}

interface Row extends Omit<VersionTraffic, 'p50Ms' | 'p95Ms' | 'classes'> {
  readonly latency: number[];
  readonly classes: Record<string, number> | null;
}

const BY_VERSIONS = `with mine as (
    select r.model_version_id, t.* from endpoint_revision r join endpoint e on e.id = r.endpoint_id join revision_traffic t on t.revision_id = r.id
     where r.workspace_id = $1 and r.model_version_id = any($2)
       and ($3::text[] is null or exists (select 1 from unnest($3::text[]) p where e.project = p or starts_with(e.project, p || '/'))))
  select m.model_version_id as "modelVersionId", sum(requests)::float8 as requests, sum(rows)::float8 as rows, sum(refused)::float8 as refused,
      sum(errors)::float8 as errors, min(first_at) as "firstAt", max(last_at) as "lastAt",
      (select array_agg(n::float8 order by place) from (select place, sum(x) as n from mine o cross join lateral unnest(o.latency) with ordinality u(x, place)
        where o.model_version_id = m.model_version_id group by place) bins) as latency,
      (select jsonb_object_agg(key, n) from (select key, sum(value::bigint) as n from mine o cross join lateral jsonb_each_text(o.classes)
        where o.model_version_id = m.model_version_id group by key) c) as classes
    from mine m group by m.model_version_id`;

@Injectable()
export class TrafficView {
  constructor(private readonly dataSource: DataSource) {}

  async byVersions(ctx: Ctx, ids: readonly string[]): Promise<VersionTraffic[]> {
    const paths = readablePaths(ctx, 'deployment.read') ?? null;
    const rows = await select<Row>(this.dataSource, BY_VERSIONS, [ctx.workspaceId, ids, paths]);
    return rows.map(({ latency, classes, ...row }) => ({
      ...row,
      p50Ms: percentile(latency, 0.5),
      p95Ms: percentile(latency, 0.95),
      classes: Object.entries(classes ?? {})
        .map(([name, count]) => ({ name, rows: count }))
        .sort((a, b) => b.rows - a.rows || (a.name < b.name ? -1 : 1)),
    }));
  }
}

function percentile(latency: readonly number[], share: number): number | null {
  const total = latency.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  const bin = latency.findIndex((count) => (seen += count) >= share * total);
  return total === 0 ? null : (LATENCY_BOUNDS_MS[bin] ?? null);
}
