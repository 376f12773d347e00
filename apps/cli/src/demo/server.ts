import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '#config';

export interface DemoServer {
  readonly url: string;
  readonly token: string;
  readonly home?: string;
  stop(): Promise<void>;
}

const START_MS = 120_000;

/** Starts a platform of the demo's own, on a fresh home. */
export async function startServer(homeDir: string): Promise<DemoServer> {
  const home = resolve(homeDir);
  await rm(home, { recursive: true, force: true });
  const entry = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'platform', 'src', 'main.js');
  // A group of its own, so that Ctrl-C reaches the demo alone, which then ends it in order.
  const child = spawn(process.execPath, [entry, '--home', home, '--port', '0', '--json'], {
    env: childEnvironment({ TAILRACE_LOG_LEVEL: 'warn' }),
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const { url, token } = await readyLine(child);
  return { url, token, home, stop: () => stopChild(child) };
}

function readyLine(child: ChildProcess): Promise<{ url: string; token: string }> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error('the platform did not start in time')), START_MS);
    child.once('exit', (code) => fail(new Error(`the platform ended with code ${code} before it was ready`)));
    child.once('error', fail);
    createInterface({ input: child.stdout! }).once('line', (line) => {
      clearTimeout(timer);
      done(JSON.parse(line) as { url: string; token: string });
    });
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
