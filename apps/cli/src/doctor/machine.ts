import { access, constants, mkdir, rm, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { Config } from '#config';
import { bytesText } from '../output/units.js';
import { fail, ok, warn, type Check } from './check.js';

const LITTLE_DISK = 2e9;
const NO_DISK = 200e6;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  const recent = major > 22 || (major === 22 && minor >= 22);
  return recent
    ? ok('Node.js', version)
    : fail('Node.js', `${version} is too old`, 'npm install brings a newer one, which `npx tailrace` takes by itself');
}

/** `own`: URL of the platform that runs in this home. */
export async function checkPort({ http }: Config, own: string | undefined): Promise<Check> {
  if (own && new URL(own).port === String(http.port)) return ok('port', `${http.port} is that of the platform here`);
  if (await isFree(http.port, http.host)) return ok('port', `${http.host}:${http.port} is free`);
  return warn(
    'port',
    `${http.host}:${http.port} is taken by another program`,
    '`up` takes the next free one, or set TAILRACE_PORT',
  );
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

export async function checkHome(home: string): Promise<Check[]> {
  const nearest = await nearestFolder(home);
  const free = await statfs(nearest).then(({ bavail, bsize }) => bavail * bsize);
  const disk = `${bytesText(free)} free`;
  const mend = 'make room, or choose another folder with TAILRACE_HOME';
  return [
    (await isWritable(nearest))
      ? ok('home', nearest === home ? home : `${home} (will be made)`)
      : fail('home', `${nearest} cannot be written to`, 'choose another folder with TAILRACE_HOME'),
    free < NO_DISK ? fail('disk', disk, mend) : free < LITTLE_DISK ? warn('disk', disk, mend) : ok('disk', disk),
  ];
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/** By doing it: rights alone do not tell of a read-only file system. */
async function isWritable(dir: string): Promise<boolean> {
  const probe = `${dir}/.tailrace-doctor-${process.pid}`;
  try {
    await access(dir, constants.W_OK);
    await mkdir(probe);
    await rm(probe, { recursive: true });
    return true;
  } catch {
    return false;
  }
}
