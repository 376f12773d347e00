import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeWhole } from './files.js';
import { commandLine, processIdentity } from './processes.js';

/** postmaster.pid, line by line (src/include/utils/pidfile.h): pid, data folder, start, port, socket folder, address, memory key, status. */
export interface PidFile {
  readonly pid: number;
  readonly dataDir: string;
  readonly port: number;
  readonly ready: boolean;
}

/** What we know of the server that we started last: which process it is, and its port. */
export interface ServerRecord {
  readonly pid: number;
  readonly identity: string;
  readonly port: number;
}

export function pidFilePath(data: string): string {
  return join(data, 'postmaster.pid');
}

/** The parsed file; `garbage` when it holds no pid, undefined when it does not exist. */
export async function readPidFile(data: string): Promise<PidFile | 'garbage' | undefined> {
  const text = await readIfThere(pidFilePath(data));
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim());
  if (!/^[1-9]\d{0,9}$/.test(lines[0]!)) return 'garbage';
  return { pid: Number(lines[0]), dataDir: lines[1] ?? '', port: Number(lines[3] ?? 0), ready: lines[7] === 'ready' };
}

export async function readRecord(path: string): Promise<ServerRecord | undefined> {
  try {
    const { pid, identity, port } = JSON.parse((await readIfThere(path)) ?? 'null') as ServerRecord;
    return Number.isInteger(pid) && typeof identity === 'string' && Number.isInteger(port) ? { pid, identity, port } : undefined;
  } catch {
    return undefined; // The record only helps; without it the command line decides.
  }
}

export async function writeRecord(path: string, record: ServerRecord): Promise<void> {
  await writeWhole(path, `${JSON.stringify(record)}\n`);
}

/** True when both paths lead to one folder, be it through links. */
async function samePlace(one: string, two: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, two].map((path) => realpath(path).catch(() => path)));
  return first === second;
}

/**
 * The identity of the live process that is the postmaster of this very data folder, or undefined. A pid alone proves nothing (in a
 * container the same small numbers come again at every start): its start time must be the recorded one or its command line name the folder.
 */
export async function postmasterIdentity(
  file: PidFile,
  data: string,
  record: ServerRecord | undefined,
): Promise<string | undefined> {
  const identity = await processIdentity(file.pid);
  if (identity === undefined || !(await samePlace(file.dataDir, data))) return undefined;
  if (record?.pid === file.pid && record.identity === identity) return identity;
  const command = (await commandLine(file.pid)) ?? '';
  return /postgres/.test(command) && command.includes(file.dataDir) ? identity : undefined;
}

/**
 * Removes a postmaster.pid that no server owns. PostgreSQL does that itself only when the pid is free: it refuses to start when the
 * number now belongs to any other process of the same user, or when the file is damaged.
 */
export async function removeStalePidFile(data: string): Promise<void> {
  await rm(pidFilePath(data), { force: true });
}
