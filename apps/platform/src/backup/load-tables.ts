import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { CopyIn } from './copy-streams.js';
import { measureFile } from './files.js';
import type { Manifest, TableEntry } from './manifest.js';
import { columnList, inOrderOfReference, partitionAudit, quoted, tablesOf } from './schema.js';

/**
 * Events after the backup had sequences that clients may have seen. Left out, none of them comes a second time for another event, and a client
 * that resumes after one of them misses nothing.
 */
const SEQUENCE_GAP = 1_000_000;

/** Throws when a table's file is missing or is not what the manifest says. */
export async function checkTableFiles(dir: string, tables: readonly TableEntry[]): Promise<void> {
  for (const { name, sha256 } of tables) {
    const file = tableFile(dir, name);
    const found = await measureFile(file).catch(() => undefined);
    if (!found) throw new Error(`the backup is damaged: ${file} cannot be read`);
    if (found.sha256 !== sha256) throw new Error(`the backup is damaged: ${file} has changed since it was written`);
  }
}

/** Fills a schema that the same migrations have made, all or nothing. Throws when columns or counts differ. */
export async function loadTables(client: pg.Client, dir: string, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const entries = new Map(manifest.tables.map((table) => [table.name, table]));
  await checkColumns(client, entries);
  await client.query('begin');
  // Migrations put rows of their own into some.
  await client.query(`truncate ${[...entries.keys()].map(quoted).join(', ')}`);
  for (const name of await inOrderOfReference(client, [...entries.keys()])) {
    signal.throwIfAborted();
    await loadTable(client, dir, entries.get(name)!);
  }
  await partitionAudit(client);
  for (const identity of manifest.identities) await setIdentity(client, identity);
  await client.query('update relay_state set last_sequence = last_sequence + $1 where last_sequence > 0', [SEQUENCE_GAP]);
  await client.query('commit');
  await client.query('analyze');
}

async function checkColumns(client: pg.Client, entries: ReadonlyMap<string, TableEntry>): Promise<void> {
  const tables = await tablesOf(client);
  const described = (all: readonly { name: string; columns: readonly string[] }[]) =>
    all.map(({ name, columns }) => `${name}(${columns.join(',')})`).sort();
  const [here, there] = [described(tables), described([...entries.values()])];
  const different = [...here.filter((table) => !there.includes(table)), ...there.filter((table) => !here.includes(table))];
  if (different.length > 0)
    throw new Error(`the tables of the backup are not those that its migrations make: ${different.slice(0, 5).join('; ')}`);
}

async function loadTable(client: pg.Client, dir: string, { name, columns, rows }: TableEntry): Promise<void> {
  const copy = client.query(new CopyIn(`copy ${quoted(name)} (${columnList(columns)}) from stdin`));
  await pipeline(createReadStream(tableFile(dir, name)), copy).catch((error: unknown) => {
    throw new Error(`table ${name} cannot be restored: ${(error as Error).message}`, { cause: error });
  });
  const found = await client.query<{ count: string }>(`select count(*) from ${quoted(name)}`);
  if (Number(found.rows[0]!.count) !== rows)
    throw new Error(`table ${name} has ${found.rows[0]!.count} rows, the backup says ${rows}`);
}

/** Counts on after the last value that was given, and after the largest that is there. */
async function setIdentity(client: pg.Client, { table, column, last }: Manifest['identities'][number]): Promise<void> {
  await client.query(
    `select setval(pg_get_serial_sequence($1, $2)::regclass, next, true)
     from (select greatest($3::bigint, coalesce(max(${quoted(column)}), 0)) as next from ${quoted(table)}) n where next > 0`,
    [quoted(table), column, last],
  );
}

function tableFile(dir: string, name: string): string {
  return join(dir, 'tables', `${name}.copy`);
}
