import { join } from 'node:path';
import type pg from 'pg';
import type { Config } from '#config';
import { startEmbedded } from '#database';
import { Home } from '../home.js';
import { connectIfServed, homeDatabaseUrl } from './home-database.js';

export interface Opened {
  readonly client: pg.Client;
  close(): Promise<void>;
}

/** Connection to the database of an installation. An embedded one that does not run is started for as long as it is needed. */
export async function openSource(config: Config, say: (line: string) => void): Promise<Opened> {
  const { url, migrationUrl } = config.database;
  const named = migrationUrl ?? url;
  const running = named ?? (await homeDatabaseUrl(config.home));
  const client = running && (await connectIfServed(running));
  if (client) return { client, close: () => client.end() };
  if (named) throw new Error(`no PostgreSQL answers at ${new URL(named).host}`);
  return startSource(config, say);
}

/** Takes the home meanwhile, so that a platform that starts does not take over a server that is about to be stopped. */
async function startSource(config: Config, say: (line: string) => void): Promise<Opened> {
  const home = await Home.take(config.home);
  try {
    const server = await startEmbedded({ dir: join(config.home, 'postgres'), log: say });
    const client = await connectIfServed((await homeDatabaseUrl(config.home))!);
    if (!client) throw new Error(`the PostgreSQL of ${config.home} does not answer`);
    const close = async () => {
      await client.end();
      await server.stop();
      await home.release();
    };
    return { client, close };
  } catch (error) {
    await home.release();
    throw error;
  }
}
