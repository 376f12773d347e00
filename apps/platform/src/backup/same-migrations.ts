import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '#database';
import { migrationsDir } from '#host';
import { sha256 } from '#kernel';
import { migrateBull } from '#messaging';
import type { Manifest } from './manifest.js';

/** Throws when the backup has a migration that this version does not know, or knows in another form. */
export async function checkMigrations(migrations: Manifest['migrations']): Promise<void> {
  for (const { name, checksum } of migrations) {
    const sql = await readFile(join(migrationsDir(), name), 'utf8').catch(() => undefined);
    if (sql === undefined)
      throw new Error(`the backup was made by a newer version of Tailrace (migration ${name} is not known here): update first`);
    if (sha256(sql) !== checksum)
      throw new Error(`the backup was made with another migration ${name} than the one of this version`);
  }
}

/** Makes the schema that the backup had, which may be older than today's. */
export async function migrateTo(
  migrations: Manifest['migrations'],
  ownerUrl: string,
  appRole: string,
  appPassword: string,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tailrace-migrations-'));
  try {
    for (const { name } of migrations) await copyFile(join(migrationsDir(), name), join(dir, name));
    await migrate({ ownerUrl, appRole, appPassword, dir, also: migrateBull });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
