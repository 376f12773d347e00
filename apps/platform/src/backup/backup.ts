import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '#config';
import { createBlobStore } from '#host';
import { dumpBlobs } from './dump-blobs.js';
import { dumpTables } from './dump-tables.js';
import { removeManifest, writeManifest, type Manifest } from './manifest.js';
import { openSource } from './source-database.js';

const VERSION = '0.1.0';

export interface BackupResult {
  readonly dir: string;
  readonly manifest: Manifest;
  readonly copiedBytes: number;
}

/**
 * Backs an installation up into `dir` while it runs: all tables as of one moment, then the content that they refer to, and last the manifest.
 * A later backup into the same folder replaces the tables and adds the blobs that are new; one that fails leaves the earlier one as it was.
 */
export async function backup(config: Config, dir: string, say: (line: string) => void): Promise<BackupResult> {
  const target = resolve(dir);
  await mkdir(target, { recursive: true, mode: 0o700 });
  const createdAt = new Date().toISOString();
  const fresh = join(target, 'tables.new');
  const source = await openSource(config, say);
  let dump;
  try {
    dump = await dumpTables(source.client, fresh);
  } finally {
    await source.close();
  }
  const { blobs, ...tables } = dump;
  say(
    `${tables.tables.length} tables, ${tables.tables.reduce((sum, table) => sum + table.rows, 0)} rows; now ${blobs.length} blobs`,
  );
  // After the snapshot: all that it refers to is in the store by now.
  const { copiedBytes, ...copied } = await dumpBlobs(createBlobStore(config), target, blobs);
  const manifest: Manifest = { format: 1, version: VERSION, createdAt, ...tables, blobs: copied };
  await replaceTables(target, fresh, manifest);
  return { dir: target, manifest, copiedBytes };
}

/** Between these steps there is no manifest, and so no backup that could be taken for a whole one. */
async function replaceTables(dir: string, fresh: string, manifest: Manifest): Promise<void> {
  await removeManifest(dir);
  await rm(join(dir, 'tables'), { recursive: true, force: true });
  await rename(fresh, join(dir, 'tables'));
  await writeManifest(dir, manifest);
}
