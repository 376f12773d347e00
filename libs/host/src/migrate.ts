import { fileURLToPath } from 'node:url';
import { migrate } from '#database';
import { migrateBull } from '#messaging';

/** Folder of the SQL files, found from the compiled code as well as from the source. */
export function migrationsDir(): string {
  const here = fileURLToPath(import.meta.url);
  const root = here.includes('/dist/') ? '../../../../migrations' : '../../../migrations';
  return fileURLToPath(new URL(root, import.meta.url));
}

/** Runs our migrations and the queue's under one lock. `appPassword` makes the application's role when it is missing. */
export function migrateAll(ownerUrl: string, appRole: string, appPassword?: string): Promise<string[]> {
  return migrate({ ownerUrl, appRole, appPassword, dir: migrationsDir(), also: migrateBull });
}
