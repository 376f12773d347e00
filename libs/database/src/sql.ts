import type { DataSource } from 'typeorm';

/** What a pool and a connection of `pg` have in common. */
export interface SqlClient {
  query(config: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
}

const names = new Map<string, string>();

/**
 * Runs a statement with bound parameters, as a prepared one: the server parses and plans it once per connection. The text must be a constant of the
 * program (values go into `params`), since every text stays prepared.
 */
export async function runSql<T>(client: SqlClient, text: string, params: readonly unknown[]): Promise<T[]> {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `tailrace_${names.size}`));
  const { rows } = await client.query({ name, text, values: params as unknown[] });
  return rows as T[];
}

/** Rows of a statement outside a transaction, on any connection of the pool. */
export function select<T = Record<string, unknown>>(
  dataSource: DataSource,
  text: string,
  params: readonly unknown[] = [],
): Promise<T[]> {
  return runSql<T>((dataSource.driver as unknown as { readonly master: SqlClient }).master, text, params);
}
