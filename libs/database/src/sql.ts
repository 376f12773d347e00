import type { DataSource } from 'typeorm';
import { DomainError } from '#kernel';

/** What a pool and a connection of `pg` have in common. */
export interface SqlClient {
  query(config: {
    name?: string;
    text: string;
    values: unknown[];
    rowMode?: 'array';
    types?: unknown;
  }): Promise<{ rows: unknown[] }>;
  /** The socket, on a connection (a pool has none). */
  readonly connection?: { readonly stream?: { cork(): void; uncork(): void } };
}

/** What `send` asks for until it first waits travels to the server together: waking it up costs more than most statements do. */
export function together<T>(client: SqlClient, send: () => T): T {
  const stream = client.connection?.stream;
  stream?.cork();
  process.nextTick(() => stream?.uncork());
  return send();
}

const names = new Map<string, string>();

/** SQLSTATEs that say that a value of the caller cannot be stored or compared. */
const BAD_VALUES: Readonly<Record<string, string>> = {
  '22021': 'a text holds a character that cannot be stored (U+0000)',
  '22P05': 'a text holds a character that cannot be stored',
  '22003': 'a number is out of range',
  '22008': 'a time is out of range',
};

/** What is wrong with a value of the caller that the server could not take, where that is why a statement failed. */
export function badValue(error: unknown): string | undefined {
  return BAD_VALUES[(error as { code?: string } | null)?.code ?? ''];
}

function rethrow(error: unknown): never {
  const problem = badValue(error);
  throw problem ? new DomainError('BAD_INPUT', problem) : error;
}

/**
 * Runs a statement with bound parameters, as a prepared one: the server parses and plans it once per connection. The text must be a constant of the
 * program (values go into `params`), since every text stays prepared. Throws BAD_INPUT for values that no column can hold.
 */
export async function runSql<T>(client: SqlClient, text: string, params: readonly unknown[]): Promise<T[]> {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `tailrace_${names.size}`));
  const { rows } = await client.query({ name, text, values: params as unknown[] }).catch(rethrow);
  return rows as T[];
}

const pool = (dataSource: DataSource): SqlClient => (dataSource.driver as unknown as { readonly master: SqlClient }).master;

/** Rows of a statement outside a transaction, on any connection of the pool. */
export function select<T = Record<string, unknown>>(
  dataSource: DataSource,
  text: string,
  params: readonly unknown[] = [],
): Promise<T[]> {
  return runSql<T>(pool(dataSource), text, params);
}

/** Texts of questions that come again and again; a few of them are kept prepared, since their planning can cost more than their work. */
const asked = new Map<string, number>();
const KEPT = 200;
const OFTEN = 3;

function keptName(text: string): string | undefined {
  const name = names.get(text);
  if (name !== undefined) return name;
  const times = (asked.get(text) ?? 0) + 1;
  if (asked.size > 10 * KEPT) asked.clear();
  asked.set(text, times);
  if (times < OFTEN || keptQuestions >= KEPT) return undefined;
  keptQuestions += 1;
  const made = `tailrace_${names.size}`;
  names.set(text, made);
  return made;
}
let keptQuestions = 0;

/** Rows of a statement whose text depends on the question; a text that is asked often stays prepared, up to a number of them. */
export async function selectOnce<T = Record<string, unknown>>(
  dataSource: DataSource,
  text: string,
  params: readonly unknown[],
): Promise<T[]> {
  const { rows } = await pool(dataSource)
    .query({ name: keptName(text), text, values: params as unknown[] })
    .catch(rethrow);
  return rows as T[];
}

const AS_TEXT = { getTypeParser: () => (value: string) => value };

/** Rows as arrays of the server's own text (null stays null), for large answers: nothing is parsed that only will be written out again. */
export async function selectText(dataSource: DataSource, text: string, params: readonly unknown[]): Promise<(string | null)[][]> {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `tailrace_${names.size}`));
  const { rows } = await pool(dataSource)
    .query({ name, text, values: params as unknown[], rowMode: 'array', types: AS_TEXT })
    .catch(rethrow);
  return rows as (string | null)[][];
}
