import { DuckDBInstance, type DuckDBConnection, type Json } from '@duckdb/node-api';
import { mkdir, rm } from 'node:fs/promises';

/** A row of an answer; 64-bit integers come as text, and non-finite numbers as text too. */
export type Row = Readonly<Record<string, Json>>;

/** An embedded DuckDB that can reach the given files and nothing else. */
export interface Duck {
  query(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A path for a reading function, which would take `*`, `?` and `[` for a pattern. */
export function quotePattern(path: string): string {
  return quoteText(path.replace(/[*?[]/g, (character) => `[${character}]`));
}

/** Opens a database in memory that may touch `files` and spill into the folder `spill`, which it makes and removes. */
export async function openDuck(files: readonly string[], spill: string): Promise<Duck> {
  await mkdir(spill, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: '1GB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  const allowed = files.flatMap((file) => [quoteText(file), quotePattern(file)]);
  // In this order: each closes a door behind it, and the last one locks them all.
  await connection.run(`SET temp_directory = ${quoteText(spill)}`);
  await connection.run(`SET allowed_paths = [${allowed.join(', ')}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  return { query: (sql) => rowsOf(connection, sql), close: () => close(instance, connection, spill) };
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJson();
}

async function close(instance: DuckDBInstance, connection: DuckDBConnection, spill: string): Promise<void> {
  connection.closeSync();
  instance.closeSync();
  await rm(spill, { recursive: true, force: true });
}

/** A number of an answer; null for a missing or non-finite one, which JSON cannot hold. */
export function numberOf(value: Json | undefined): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

export function countOf(value: Json | undefined): number {
  return numberOf(value) ?? 0;
}
