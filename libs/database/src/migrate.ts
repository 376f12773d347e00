import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { DomainError, sha256 } from '#kernel';

const LOCK = 7_411_001;

export interface MigrateOptions {
  /** Connection of the role that owns the tables. */
  readonly ownerUrl: string;
  /** Role of the application, which gets its grants from the migrations; created here when `createRole` gives its password. */
  readonly appRole: string;
  readonly appPassword?: string;
  readonly dir: string;
  /** Runs after ours under the same lock: BullMQ brings its own migrations. */
  readonly also?: (client: pg.Client, appRole: string) => Promise<void>;
}

/**
 * Brings the schema up to date: `migrations/NNN_name.sql` in order, each in a transaction of its own, under one advisory lock, so that two
 * processes that start together migrate once. A file that changed after it ran is an error (MIGRATION_CHANGED).
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const client = new pg.Client({ connectionString: options.ownerUrl, application_name: 'tailrace-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    if (options.appPassword) await ensureRole(client, options.appRole, options.appPassword);
    await client.query(
      'create table if not exists schema_migration (name text primary key, checksum text not null, applied_at timestamptz not null default now())',
    );
    const applied = await applyAll(client, options);
    await options.also?.(client, options.appRole);
    return applied;
  } finally {
    await client.end();
  }
}

async function applyAll(client: pg.Client, options: MigrateOptions): Promise<string[]> {
  const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from schema_migration');
  const known = new Map(rows.map((row) => [row.name, row.checksum]));
  const files = (await readdir(options.dir)).filter((name) => /^\d{3}_.+\.sql$/.test(name)).sort();
  const applied: string[] = [];
  for (const name of files) {
    const sql = await readFile(join(options.dir, name), 'utf8');
    const checksum = sha256(sql);
    const before = known.get(name);
    if (before === checksum) continue;
    if (before !== undefined)
      throw new DomainError(
        'MIGRATION_CHANGED',
        `migration ${name} has run here already but its file has changed; add a new file instead`,
      );
    await applyOne(client, name, checksum, sql.replaceAll(':app_role', quoteIdent(options.appRole)));
    applied.push(name);
  }
  return applied;
}

async function applyOne(client: pg.Client, name: string, checksum: string, sql: string): Promise<void> {
  await client.query('begin');
  try {
    await client.query("set local lock_timeout = '3s'");
    await client.query(sql);
    await client.query('insert into schema_migration (name, checksum) values ($1, $2)', [name, checksum]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new Error(`migration ${name} failed and changed nothing: ${(error as Error).message}`, { cause: error });
  }
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  const verb = rowCount ? 'alter' : 'create';
  await client.query(`${verb} role ${quoteIdent(role)} login password ${client.escapeLiteral(password)}`);
}

function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
