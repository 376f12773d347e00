import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import type { Config } from '#config';
import { startEmbedded, type EmbeddedPostgres } from '#database';
import { migrateAll, readSecret, writeSecret } from '#host';
import { errorMessage } from '#kernel';

const APP_ROLE = 'tailrace_app';
const DATABASE = 'tailrace';

export interface Database {
  /** Connection of the application's role, which owns no table. */
  readonly url: string;
  readonly note: string;
  stop(): Promise<void>;
}

/** The configured server, or an embedded one in the home; its schema brought up to date. `onLost` is called when the embedded one ended and cannot be had again. */
export async function openDatabase(config: Config, say: (line: string) => void, onLost: () => void): Promise<Database> {
  const { url, migrationUrl } = config.database;
  if (url) {
    if (migrationUrl) await migrateAll(migrationUrl, decodeURIComponent(new URL(url).username));
    return { url, note: `PostgreSQL at ${new URL(url).host}`, stop: async () => {} };
  }
  const server = new KeptServer(join(config.home, 'postgres'), say, onLost);
  const { port, superuserUrl, adopted } = await server.start();
  const ownerUrl = await ensureDatabase(superuserUrl);
  const password = await appPassword(config.home);
  await migrateAll(ownerUrl, APP_ROLE, password);
  const note = `embedded PostgreSQL on port ${port}${adopted ? ' (taken over from an earlier start)' : ''}`;
  return { url: withUser(ownerUrl, APP_ROLE, password), note, stop: () => server.stop() };
}

/** The embedded server, started anew on the same port when it ends by itself: pools and loops then find it again. */
class KeptServer {
  private server: EmbeddedPostgres | undefined;
  private stopping = false;
  private restarting: Promise<void> | undefined;

  constructor(
    private readonly dir: string,
    private readonly say: (line: string) => void,
    private readonly onLost: () => void,
  ) {}

  async start(): Promise<EmbeddedPostgres> {
    this.server = await startEmbedded({ dir: this.dir, log: this.say, onExit: () => this.lost() });
    return this.server;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.restarting;
    await this.server?.stop();
  }

  private lost(): void {
    if (this.stopping) return;
    const port = this.server?.port;
    this.say('the embedded PostgreSQL ended by itself; starting it again …');
    this.restarting = this.start().then(
      (server) => server.port !== port && this.onLost(),
      (error: unknown) => {
        this.say(errorMessage(error));
        this.onLost();
      },
    ) as Promise<void>;
  }
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
