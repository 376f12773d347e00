import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

const DATABASE = 'tailrace';

/** URL of the database of a home by its superuser, or undefined when its PostgreSQL does not run. Throws when its files are not there. */
export async function homeDatabaseUrl(home: string): Promise<string | undefined> {
  const dir = join(home, 'postgres');
  const password = (await textOf(join(dir, 'superuser')))?.trim();
  if (!password) throw new Error(`${home} holds no database of Tailrace (there is no ${join(dir, 'superuser')})`);
  // Where the server may not read the home, its data lie elsewhere.
  const base = (await textOf(join(dir, 'LOCATION')))?.trim() || dir;
  const port = Number((await textOf(join(base, 'data', 'postmaster.pid')))?.split('\n')[3]);
  return port ? `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${DATABASE}` : undefined;
}

/** A connection; undefined when nobody listens, as after a crash that left its pid file. */
export async function connectIfServed(url: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: url, application_name: 'tailrace-backup', connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // A query that waits is told; without one, the next is.
  try {
    await client.connect();
    return client;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
