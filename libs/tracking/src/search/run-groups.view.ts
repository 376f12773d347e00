import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Ctx } from '#access';
import { select, selectOnce, SqlParams } from '#database';
import { RunSearch } from './run-search.view.js';
import type { RunQuery } from './run-query.js';

export interface GroupBy {
  readonly kind: 'param' | 'tag';
  readonly key: string;
}

export interface RunGroup {
  /** Value of each key that the runs were grouped by; null where the runs have none. */
  readonly values: readonly (string | null)[];
  readonly count: number;
  readonly metrics: readonly {
    readonly key: string;
    readonly mean: number | null;
    readonly min: number | null;
    readonly max: number | null;
  }[];
}

/** Parents and children, and runs by what they have in common. */
@Injectable()
export class RunGroups {
  constructor(
    private readonly dataSource: DataSource,
    private readonly search: RunSearch,
  ) {}

  /** Groups of the runs that the conditions find, largest first, with the spread of their latest metrics (NaN left out). */
  async groups(
    ctx: Ctx,
    query: Pick<RunQuery, 'experimentIds' | 'where' | 'view'>,
    by: readonly GroupBy[],
    metrics: readonly string[],
    limit: number,
  ): Promise<RunGroup[]> {
    const params = new SqlParams();
    const { conditions, keys } = await this.search.parts(ctx, query, metrics, params);
    const joins = by.map(
      ({ kind, key }, i) => `left join run_${kind} g${i} on g${i}.run = r.num and g${i}.key = ${params.add(key, 'text')}`,
    );
    const columns = by.map((_, i) => `g${i}.value as g${i}`);
    metrics.forEach((name, i) => {
      const id = params.add(keys.get(name) ?? -1, 'int');
      joins.push(
        `left join lateral (select nullif(l.value, 'NaN') as value from metric_latest l where l.run = r.num and l.key = ${id} order by l.source desc limit 1) m${i} on true`,
      );
      columns.push(`avg(m${i}.value) as mean${i}`, `min(m${i}.value) as min${i}`, `max(m${i}.value) as max${i}`);
    });
    const rows = await selectOnce<Record<string, never>>(
      this.dataSource,
      `select count(*)::int as n${columns.map((column) => `, ${column}`).join('')} from run r join experiment e on e.id = r.experiment_id ${joins.join(' ')}
        where ${conditions.join(' and ')} ${by.length ? `group by ${by.map((_, i) => `g${i}.value`).join(', ')}` : ''}
        order by n desc${by.map((_, i) => `, g${i}.value`).join('')} limit ${params.add(limit, 'int')}`,
      params.values,
    );
    return rows.map((row) => ({
      values: by.map((_, i) => row[`g${i}`] ?? null),
      count: row['n']!,
      metrics: metrics.map((key, i) => ({
        key,
        mean: row[`mean${i}`] ?? null,
        min: row[`min${i}`] ?? null,
        max: row[`max${i}`] ?? null,
      })),
    }));
  }

  /** Ids below a run, each with its parent and how deep it is, nearest first; at most `limit`, however they point at each other. */
  async below(workspaceId: string, id: string, limit: number): Promise<{ id: string; parentId: string; depth: number }[]> {
    const found = new Map<string, { id: string; parentId: string; depth: number }>();
    let level = [id];
    for (let depth = 1; level.length > 0 && found.size < limit; depth++) {
      const rows = await select<{ id: string; parentId: string }>(
        this.dataSource,
        `select id, parent_id as "parentId" from run where workspace_id = $1 and parent_id = any($2) and deleted_at is null order by started_at, id limit $3`,
        [workspaceId, level, limit - found.size],
      );
      const fresh = rows.filter((row) => row.id !== id && !found.has(row.id));
      for (const row of fresh) found.set(row.id, { ...row, depth });
      level = fresh.map((row) => row.id);
    }
    return [...found.values()];
  }
}
