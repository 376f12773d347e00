import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createWhole, fileErrorCode, readIfThere } from './files.js';
import { processIdentity } from './processes.js';

const WAIT_MS = 180_000;

/**
 * Runs `work` while no other start in this folder runs. The lock names its process, so a lock whose process is gone is taken over.
 * (PostgreSQL's own lock on the data folder stands behind it.) Throws when another start holds it for 3 minutes.
 */
export async function withStartLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const mine = JSON.stringify({ pid: process.pid, identity: await processIdentity(process.pid), token: randomUUID() });
  for (const deadline = Date.now() + WAIT_MS; !(await createWhole(path, mine));) {
    const holder = await readIfThere(path);
    if (holder !== undefined && !(await isAlive(holder))) await takeAway(path, holder);
    else if (Date.now() > deadline) throw new Error(`another start is still at work in this folder (${path}: ${holder})`);
    else await delay(25);
  }
  try {
    return await work();
  } finally {
    if ((await readIfThere(path)) === mine) await rm(path, { force: true });
  }
}

async function isAlive(holder: string): Promise<boolean> {
  try {
    const { pid, identity } = JSON.parse(holder) as { pid: number; identity?: string };
    return identity !== undefined && (await processIdentity(pid)) === identity;
  } catch {
    return false; // No lock of ours: ours appear with all of their text.
  }
}

/** Removes the lock only if it is still the dead one: two waiters may have found it, and the faster may hold a new one. */
async function takeAway(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== dead) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
