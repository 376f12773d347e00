import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '#config';
import { errorMessage } from '#kernel';
import { fail, ok, warn, type Check } from './check.js';

/** The PostgreSQL of the configuration, or of the home. */
export async function checkPostgres(config: Config): Promise<Check> {
  const { url } = config.database;
  const made = await stat(join(config.home, 'postgres', 'superuser')).catch(() => undefined);
  if (!url && !made) return ok('PostgreSQL', 'none yet; the first `up` makes one in the home');
  const { connectIfServed, homeDatabaseUrl } = await import('../../../platform/src/backup/home-database.js');
  try {
    const address = url ?? (await homeDatabaseUrl(config.home));
    const client = address && (await connectIfServed(address));
    if (!client)
      return url
        ? fail('PostgreSQL', `nobody answers at ${new URL(url).host}`, 'start it, or change DATABASE_URL')
        : warn('PostgreSQL', 'does not run', 'npx tailrace up');
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    await client.end();
    return ok('PostgreSQL', `${rows[0]!.server_version} on port ${client.port}`);
  } catch (error) {
    return fail('PostgreSQL', errorMessage(error), `its words are in ${join(config.home, 'postgres', 'postgres.log')}`);
  }
}
