import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { readPidFile } from './pid-file.js';
import { processIdentity } from './processes.js';
import { superuserUrl } from './superuser.js';

/** A server that answers; `identity` is that of its process. */
export interface RunningServer {
  readonly pid: number;
  readonly identity: string;
  readonly port: number;
}

/** Connects and asks for nothing. Rejects with pg's error, whose `code` is an SQLSTATE where the server answered. */
export async function tryConnect(port: number, password: string): Promise<void> {
  const client = new Client({ connectionString: superuserUrl(port, password), connectionTimeoutMillis: 10_000 });
  client.on('error', () => {}); // A server that ends right after its answer must not end us.
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => {});
  }
}

const STARTING_OR_STOPPING = ['57P03', '57P01', 'ECONNREFUSED', 'ECONNRESET'];

async function answers(port: number, password: string): Promise<boolean> {
  try {
    await tryConnect(port, password);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (STARTING_OR_STOPPING.includes(code) || /terminated unexpectedly/.test(String(error))) return false;
    throw error;
  }
}

/**
 * Waits until the process `pid` serves `data`; undefined when it ended instead. Recovery after a crash may take minutes. Rejects after
 * `ms`, or when the server refuses the password.
 */
export async function untilReady(pid: number, data: string, password: string, ms = 300_000): Promise<RunningServer | undefined> {
  const identity = await processIdentity(pid);
  for (const deadline = Date.now() + ms; Date.now() < deadline; await delay(15)) {
    if (identity === undefined || (await processIdentity(pid)) !== identity) return undefined;
    const file = await readPidFile(data);
    if (file === undefined || file === 'garbage' || file.pid !== pid || !file.ready) continue;
    if (await answers(file.port, password)) return { pid, identity, port: file.port };
  }
  throw new Error(`PostgreSQL (pid ${pid}) was not ready after ${ms / 1000} s`);
}
