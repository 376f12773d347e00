import type pg from 'pg';

export interface Partition {
  readonly name: string;
  /** Its rows are of before this moment. */
  readonly until: Date;
}

/** What a workspace loses. */
export interface Dropped {
  readonly workspaceId: string;
  /** Its last link that goes, and how many links before that stay. */
  readonly position: number;
  readonly hash: string;
  readonly kept: number;
  readonly rows: number;
}

/** Partitions by month of rows and of links that end by `before`, oldest first. The default partitions are never among them. */
export async function partitionsBefore(client: pg.Client, before: Date): Promise<Partition[]> {
  const { rows } = await client.query<{ name: string; until: Date }>(
    `select c.relname as name, u.until from pg_inherits i join pg_class c on c.oid = i.inhrelid
       cross join lateral (select substring(pg_get_expr(c.relpartbound, c.oid) from $q$TO \\('([^']+)'\\)$q$)::timestamptz as until) u
     where i.inhparent in ('audit_log'::regclass, 'audit_chain'::regclass) and u.until <= $1 order by u.until, c.relname`,
    [before],
  );
  return rows;
}

/** Rows of before a moment that no chain has yet. */
export async function unlinkedIn(client: pg.Client, until: Date): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from audit_log a where a.at < $1
       and not exists (select 1 from audit_chain c where c.audit_id = a.id and c.at = a.at)`,
    [until],
  );
  return rows[0]!.n;
}

/**
 * For each workspace that has rows of before a moment: links lie in the order of commits, rows in that of their times, so that around the moment a link may go
 * that comes after one that stays.
 */
export async function droppedBefore(client: pg.Client, until: Date): Promise<Dropped[]> {
  const { rows } = await client.query<Dropped>(
    `select d.workspace_id as "workspaceId", d.position::float8 as position, l.hash, d.rows::float8 as rows,
        (select count(*)::int from audit_chain k where k.workspace_id = d.workspace_id and k.position < d.position and k.at >= $1) as kept
       from (select workspace_id, max(position) as position, count(*) as rows from audit_chain where at < $1 group by 1) d
       join audit_chain l on l.workspace_id = d.workspace_id and l.position = d.position order by 1`,
    [until],
  );
  return rows;
}
