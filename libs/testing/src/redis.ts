import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Child } from './child.js';
import { freePort } from './free-port.js';
import { until } from './until.js';

export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Why no Redis can be used, with the command that brings it; undefined when one can. */
export function missingRedis(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env['REDIS_URL'] || binary(env['PATH']) ? undefined : 'Redis not found: apt-get install redis-server, or set REDIS_URL';
}

/** The server of REDIS_URL, or one of the test's own on a free port, with AOF and no eviction, as a queue needs it. */
export async function startRedis(env: Readonly<Record<string, string | undefined>>): Promise<TestRedis> {
  if (env['REDIS_URL']) return { url: env['REDIS_URL'], stop: async () => {} };
  const dir = await mkdtemp(join(tmpdir(), 'tailrace-redis-'));
  const port = await freePort();
  const settings = ['--bind', '127.0.0.1', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction', '--save', '', '--dir', dir];
  const server = new Child(binary(env['PATH'])!, ['--port', String(port), ...settings], { cwd: dir });
  const stop = async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
  await until('Redis is ready', () => pong(port)).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url: `redis://127.0.0.1:${port}`, stop };
}

function binary(path = ''): string | undefined {
  return path
    .split(delimiter)
    .map((dir) => join(dir, 'redis-server'))
    .find((file) => existsSync(file));
}

function pong(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data).startsWith('+PONG'));
    });
  });
}
