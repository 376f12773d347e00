import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import type { Config } from '#config';
import { startEmbedded } from '#database';
import { createBlobStore, migrateAll, writeSecret } from '#host';
import { Home } from '../home.js';
import { loadBlobs } from './load-blobs.js';
import { checkTableFiles, loadTables } from './load-tables.js';
import { readManifest, type Manifest } from './manifest.js';
import { checkMigrations, migrateTo } from './same-migrations.js';

const APP_ROLE = 'tailrace_app';
const DATABASE = 'tailrace';

export interface RestoreResult {
  readonly home: string;
  readonly manifest: Manifest;
  readonly blobs: { readonly count: number; readonly bytes: number };
}

/**
 * Makes a home out of a backup, with an embedded PostgreSQL; `up --home` opens it. Throws, and leaves nothing behind, when the home is not
 * empty, the backup is newer than this version, or anything in it is missing or not what it was.
 */
export async function restore(
  config: Config,
  dir: string,
  say: (line: string) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<RestoreResult> {
  const source = resolve(dir);
  if (config.database.url) throw new Error('a backup is restored into a home with a PostgreSQL of its own: unset DATABASE_URL');
  await refuseUsed(config.home);
  const manifest = await readManifest(source);
  await checkMigrations(manifest.migrations);
  await checkTableFiles(source, manifest.tables);
  const home = await Home.take(config.home);
  try {
    const blobs = await fill(config, source, manifest, say, signal);
    await home.release();
    return { home: config.home, manifest, blobs };
  } catch (error) {
    await removeHome(config.home);
    throw error;
  }
}

async function refuseUsed(home: string): Promise<void> {
  const names = await readdir(home).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0) throw new Error(`${home} is not empty; a backup is restored into a new folder only`);
}

async function fill(
  config: Config,
  source: string,
  manifest: Manifest,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<RestoreResult['blobs']> {
  const server = await startEmbedded({ dir: join(config.home, 'postgres'), log: say });
  try {
    const ownerUrl = await createDatabase(server.superuserUrl);
    const password = randomBytes(24).toString('base64url');
    await writeSecret(join(config.home, 'database-password'), password);
    await migrateTo(manifest.migrations, ownerUrl, APP_ROLE, password);
    const blobs = await withClient(ownerUrl, async (client) => {
      await loadTables(client, source, manifest, signal);
      say(`${manifest.tables.length} tables are back; now the blobs`);
      return loadBlobs(client, source, createBlobStore(config), signal);
    });
    await migrateAll(ownerUrl, APP_ROLE, password);
    return blobs;
  } finally {
    await server.stop();
  }
}

async function createDatabase(superuserUrl: string): Promise<string> {
  await withClient(superuserUrl, (client) => client.query(`create database ${DATABASE}`));
  const url = new URL(superuserUrl);
  url.pathname = `/${DATABASE}`;
  return url.toString();
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'tailrace-restore' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The folder itself was perhaps made by others, and stays where it cannot be removed. */
async function removeHome(home: string): Promise<void> {
  for (const name of await readdir(home)) await rm(join(home, name), { recursive: true, force: true });
  await rm(home, { recursive: true, force: true }).catch(() => undefined);
}
