import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '#config';
import { Child } from './child.js';
import { freePort } from './free-port.js';
import { ask } from './superuser.js';
import { until } from './until.js';

const BIN = '/usr/lib/postgresql/15/bin';
const exec = promisify(execFile);

export interface TestPostgres {
  /** Owner of the tables. */
  readonly migrationUrl: string;
  /** The application's role; made by the migrations. */
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

/** Why Debian's PostgreSQL 15 cannot be used, with the command that brings it; undefined when it can. */
export function missingPostgres15(): string | undefined {
  return existsSync(join(BIN, 'initdb')) ? undefined : 'PostgreSQL 15 not found: apt-get install postgresql-15';
}

/** A temporary cluster of PostgreSQL 15, durable as in production, run as the user postgres when we are root. */
export async function startPostgres15(): Promise<TestPostgres> {
  const dir = await mkdtemp(join(tmpdir(), 'tailrace-pg15-'));
  const ids = process.getuid?.() === 0 ? await idsOf('postgres') : undefined;
  if (ids) await chown(dir, ids.uid, ids.gid);
  await chmod(dir, 0o700);
  const [password, appPassword] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')];
  const secret = join(dir, 'password');
  await writeFile(secret, password, { mode: 0o600 });
  if (ids) await chown(secret, ids.uid, ids.gid);
  const data = join(dir, 'data');
  await exec(
    join(BIN, 'initdb'),
    ['-D', data, '-U', 'owner', '-A', 'scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--locale=C'],
    {
      cwd: dir,
      env: childEnvironment(),
      ...ids,
    },
  );
  const port = await freePort();
  const settings = ['-c', `unix_socket_directories=${dir}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=150'];
  const server = new Child(join(BIN, 'postgres'), ['-D', data, '-p', String(port), ...settings], { cwd: dir, ...ids });
  const stop = async () => {
    // SIGINT: fast shutdown. SIGTERM would wait for every client to leave.
    server.signal('SIGINT');
    await server.ended;
    await rm(dir, { recursive: true, force: true });
  };
  const url = (user: string, secretText: string, database: string) =>
    `postgres://${user}:${secretText}@127.0.0.1:${port}/${database}`;
  try {
    await until('PostgreSQL 15 is ready', () => ask(url('owner', password, 'postgres'), 'select 1'));
    await ask(url('owner', password, 'postgres'), 'create database tailrace');
  } catch (error) {
    await stop();
    throw error;
  }
  return { migrationUrl: url('owner', password, 'tailrace'), databaseUrl: url('tailrace_app', appPassword, 'tailrace'), stop };
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((candidate) => candidate.startsWith(`${user}:`));
  if (!line) throw new Error(`there is no user ${user} to run PostgreSQL as`);
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}
