import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { CopyOut } from './copy-streams.js';
import { writeDurably } from './files.js';
import type { Manifest, TableEntry } from './manifest.js';
import { columnList, identitiesOf, migrationsOf, quoted, tablesOf, type Identity } from './schema.js';

export interface BlobRow {
  readonly workspaceId: string;
  readonly sha256: string;
  readonly size: string;
}

export interface Dump extends Pick<Manifest, 'postgres' | 'migrations' | 'tables' | 'identities'> {
  /** What the snapshot refers to. */
  readonly blobs: BlobRow[];
}

/** Every table as of one moment, into `dir`. Writers are not held up. */
export async function dumpTables(client: pg.Client, dir: string): Promise<Dump> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await client.query('begin isolation level repeatable read read only');
  try {
    const migrations = await migrationsOf(client);
    const tables: TableEntry[] = [];
    for (const table of await tablesOf(client)) tables.push(await dumpTable(client, dir, table));
    const blobs = await client.query<BlobRow>(
      'select workspace_id as "workspaceId", sha256, size from blob where collected_at is null',
    );
    // Sequences are not part of the snapshot, but they only grow: what is read now is past every row of it.
    const identities: Manifest['identities'] = [];
    for (const identity of await identitiesOf(client)) identities.push(await lastOf(client, identity));
    const version = await client.query<{ server_version: string }>('show server_version');
    return { migrations, tables, identities, blobs: blobs.rows, postgres: version.rows[0]!.server_version };
  } finally {
    await client.query('rollback');
  }
}

async function dumpTable(
  client: pg.Client,
  dir: string,
  { name, columns }: { name: string; columns: string[] },
): Promise<TableEntry> {
  const copy = client.query(new CopyOut(`copy (select ${columnList(columns)} from ${quoted(name)}) to stdout`));
  const measured = await writeDurably(join(dir, `${name}.copy`), copy);
  const { rows } = await client.query<{ count: string }>(`select count(*) from ${quoted(name)}`);
  return { name, columns, rows: Number(rows[0]!.count), ...measured };
}

async function lastOf(client: pg.Client, { table, column }: Identity): Promise<Manifest['identities'][number]> {
  const { rows } = await client.query<{ last: string }>(
    `select coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0)::text as last`,
    [quoted(table), column],
  );
  return { table, column, last: rows[0]!.last };
}
