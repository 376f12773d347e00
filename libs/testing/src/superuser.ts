import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** URL of the application's database in the embedded PostgreSQL of a home, as superuser, and its postmaster's pid. */
export async function embeddedServer(home: string): Promise<{ url: string; pid: number }> {
  const dir = join(home, 'postgres');
  const base = (await readFile(join(dir, 'LOCATION'), 'utf8').catch(() => '')).trim() || dir;
  const [pid, , , port] = (await readFile(join(base, 'data', 'postmaster.pid'), 'utf8')).split('\n');
  const password = (await readFile(join(dir, 'superuser'), 'utf8')).trim();
  return { url: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port!.trim()}/tailrace`, pid: Number(pid) };
}

/** A connection for a test, ended after `work`. */
export async function withDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'tailrace-test' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Rows of one statement. */
export function ask<T extends pg.QueryResultRow = pg.QueryResultRow>(
  url: string,
  sql: string,
  params: readonly unknown[] = [],
): Promise<T[]> {
  return withDatabase(url, async (client) => (await client.query<T>(sql, [...params])).rows);
}

/**
 * Ends every session of the application, as a crash of its whole machine does: after a SIGKILL alone, a statement that waits for a lock would
 * still have its effect, because the server only notices when it answers.
 */
export async function dropSessions(url: string): Promise<void> {
  const sessions = `select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'tailrace_app'`;
  await ask(url, sessions);
}
