import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbedded, type EmbeddedOptions, type EmbeddedPostgres } from '../start-embedded.js';

/** Folders and servers of one test file; `close` stops and removes them all. Root's folders lie in its 0700 home, the hard case. */
export class Sandbox {
  private readonly dirs: string[] = [];
  private readonly servers: EmbeddedPostgres[] = [];

  async dir(parent = process.getuid?.() === 0 ? homedir() : tmpdir()): Promise<string> {
    const dir = await mkdtemp(join(parent, 'tailrace-pg-'));
    this.dirs.push(dir);
    return dir;
  }

  async start(dir: string, more?: Omit<EmbeddedOptions, 'dir'>): Promise<EmbeddedPostgres> {
    const server = await startEmbedded({ dir: join(dir, 'postgres'), ...more });
    this.servers.push(server);
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await Promise.all(this.dirs.map((dir) => rm(dir, { recursive: true, force: true })));
  }
}

/** The first column of the first row. */
export async function ask(url: string, ...statements: string[]): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    let value: unknown;
    for (const sql of statements) value = Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0];
    return value;
  } finally {
    await client.end();
  }
}
