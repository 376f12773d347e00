import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import type { Config } from '#config';
import { startEmbedded } from '#database';
import { migrateAll, readSecret, writeSecret } from '#host';

const APP_ROLE = 'tailrace_app';
const DATABASE = 'tailrace';

export interface Database {
  /** Connection of the application's role, which owns no table. */
  readonly url: string;
  readonly note: string;
  stop(): Promise<void>;
}

/** The configured server, or an embedded one in the home; its schema brought up to date. `onLost` is called when the embedded one ends by itself. */
export async function openDatabase(config: Config, say: (line: string) => void, onLost: () => void): Promise<Database> {
  const { url, migrationUrl } = config.database;
  if (url) {
    if (migrationUrl) await migrateAll(migrationUrl, decodeURIComponent(new URL(url).username));
    return { url, note: `PostgreSQL at ${new URL(url).host}`, stop: async () => {} };
  }
  let stopping = false;
  const server = await startEmbedded({ dir: join(config.home, 'postgres'), log: say, onExit: () => !stopping && onLost() });
  const ownerUrl = await ensureDatabase(server.superuserUrl);
  const password = await appPassword(config.home);
  await migrateAll(ownerUrl, APP_ROLE, password);
  const stop = () => {
    stopping = true;
    return server.stop();
  };
  return { url: withUser(ownerUrl, APP_ROLE, password), note: `embedded PostgreSQL on port ${server.port}${server.adopted ? ' (taken over from an earlier start)' : ''}`, stop };
}

async function ensureDatabase(superuserUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (!rowCount) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
  const url = new URL(superuserUrl);
  url.pathname = `/${DATABASE}`;
  return url.toString();
}

async function appPassword(home: string): Promise<string> {
  const path = join(home, 'database-password');
  const known = await readSecret(path);
  if (known) return known;
  const fresh = randomBytes(24).toString('base64url');
  await writeSecret(path, fresh);
  return fresh;
}

function withUser(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = password;
  return changed.toString();
}
