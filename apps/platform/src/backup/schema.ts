import type pg from 'pg';

/** The migrations have a table of their own, which a restored home fills by running them. */
const MIGRATIONS = 'schema_migration';

export interface Identity {
  readonly table: string;
  readonly column: string;
}

/** A table whose partitions come and go with time is one here, whatever partitions it has. */
const TABLES = `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  where c.relnamespace = 'public'::regnamespace and c.relname <> '${MIGRATIONS}' and case c.relkind
    when 'r' then not exists (select 1 from pg_inherits i join pg_partitioned_table p on p.partrelid = i.inhparent where i.inhrelid = c.oid and p.partstrat = 'r')
    when 'p' then exists (select 1 from pg_partitioned_table p where p.partrelid = c.oid and p.partstrat = 'r') else false end
  group by c.relname order by c.relname`;

/** Our tables with their columns, by name. */
export async function tablesOf(client: pg.Client): Promise<{ name: string; columns: string[] }[]> {
  return (await client.query<{ name: string; columns: string[] }>(TABLES)).rows;
}

/** Columns that count by themselves. */
export async function identitiesOf(client: pg.Client): Promise<Identity[]> {
  const { rows } = await client.query<Identity>(
    `select table_name::text as table, column_name::text as column from information_schema.columns
     where table_schema = 'public' and is_identity = 'YES' order by 1, 2`,
  );
  return rows;
}

export async function migrationsOf(client: pg.Client): Promise<{ name: string; checksum: string }[]> {
  return (await client.query<{ name: string; checksum: string }>(`select name, checksum from ${MIGRATIONS} order by name`)).rows;
}

/** The names in an order in which each comes after those that its foreign keys point to. Throws for a circle. */
export async function inOrderOfReference(client: pg.Client, names: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ from: string; to: string }>(
    `select f.relname as "from", t.relname as "to" from pg_constraint c join pg_class f on f.oid = c.conrelid join pg_class t on t.oid = c.confrelid
     where c.contype = 'f' and c.connamespace = 'public'::regnamespace and c.conrelid <> c.confrelid`,
  );
  const ordered: string[] = [];
  for (let waiting = [...names]; waiting.length > 0;) {
    const free = waiting.filter((name) => !rows.some((row) => row.from === name && waiting.includes(row.to)));
    if (free.length === 0) throw new Error(`the foreign keys of ${waiting.join(', ')} form a circle`);
    ordered.push(...free);
    waiting = waiting.filter((name) => !free.includes(name));
  }
  return ordered;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function columnList(columns: readonly string[]): string {
  return columns.map(quoted).join(', ');
}

/** Gives rows that came into no month of the audit's own back to partitions by month, where the schema has them. */
export async function partitionAudit(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ known: boolean }>(`select to_regproc('public.audit_partitions') is not null as known`);
  if (rows[0]!.known) await client.query('select audit_partitions()');
}
