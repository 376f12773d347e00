import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, globSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { sleep } from '#kernel';

export interface SeaweedFs {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly pid: number;
  /** Ends the server and removes its data; idempotent. */
  stop(): Promise<void>;
}

/** The `weed` binary: `env.WEED_BIN`, else the newest below `.cache/tools`, else on `env.PATH`; undefined when there is none. */
export function findWeed(env: Record<string, string | undefined>): string | undefined {
  const cached = globSync('.cache/tools/**/weed')
    .sort()
    .toReversed()
    .map((path) => resolve(path));
  const onPath = (env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'weed'));
  return (env['WEED_BIN'] ? [env['WEED_BIN']] : [...cached, ...onPath]).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** The first of four free ports whose gRPC twins (+10000) are free too, hence below 55000. */
async function freePorts(): Promise<number> {
  for (;;) {
    const base = 12_000 + Math.floor(Math.random() * 4_000) * 4;
    const ports = [0, 1, 2, 3].flatMap((offset) => [base + offset, base + offset + 10_000]);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
}

function weedArgs(dir: string, port: number): string[] {
  const ports = [`-s3.port=${port}`, `-master.port=${port + 1}`, `-volume.port=${port + 2}`, `-filer.port=${port + 3}`];
  const off = ['-webdav=false', '-admin.ui=false', '-s3.port.iceberg=0', '-s3.port.lance=0'];
  return ['mini', `-dir=${dir}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', ...ports, ...off];
}

async function untilAnswers(endpoint: string, child: ChildProcess, log: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (
      await fetch(endpoint).then(
        (response) => response.status < 500,
        () => false,
      )
    )
      return;
  }
  throw new Error(`SeaweedFS did not start:\n${(await readFile(log, 'utf8')).slice(-2000)}`);
}

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(force);
}

/** Starts a real S3 server with fresh keys on free ports of 127.0.0.1, in a temporary folder; rejects with its log. */
export async function startSeaweedFs(weed: string): Promise<SeaweedFs> {
  const dir = await mkdtemp(join(tmpdir(), 'tailrace-s3-'));
  const port = await freePorts();
  const [accessKey, secretKey] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')];
  const log = await open(join(dir, 'weed.log'), 'a');
  const env = { HOME: dir, AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
  const child = spawn(weed, weedArgs(dir, port), { cwd: dir, env, stdio: ['ignore', log.fd, log.fd] });
  const spawned = new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const stop = async () => {
    if (child.pid !== undefined) await end(child);
    await rm(dir, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await spawned.finally(() => log.close());
    await untilAnswers(endpoint, child, join(dir, 'weed.log'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, accessKey, secretKey, pid: child.pid!, stop };
}
