// Servers as processes of our own: each leads a process group, which ends with it.
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const children = new Set();

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a server and waits for the first 200 of its /health. `ms` is the time from the spawn to that. */
export async function startServer({ command, args, env, cwd, log, port }) {
  const out = openSync(log, 'a');
  const begun = performance.now();
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', out, out], detached: true });
  children.add(child);
  let over = false;
  child.ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve)).then(() => {
    children.delete(child);
    over = true;
  });
  while (!(await healthy(port))) {
    if (over || performance.now() - begun > 240_000) {
      await stop(child);
      throw new Error(`${command} ${args.slice(0, 4).join(' ')} did not start:\n${readFileSync(log, 'utf8').slice(-3000)}`);
    }
    await sleep(10);
  }
  return { pid: child.pid, url: `http://127.0.0.1:${port}`, ms: performance.now() - begun, stop: () => stop(child) };
}

function healthy(port) {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/health', agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200));
    });
    request.on('error', () => resolve(false));
    request.setTimeout(5000, () => request.destroy());
  });
}

async function stop(child) {
  child.kill('SIGTERM');
  await Promise.race([child.ended, sleep(25_000, undefined, { ref: false })]);
  try {
    process.kill(-child.pid, 'SIGKILL'); // what it left behind in its group
  } catch {
    // nothing
  }
  await child.ended;
}

export const stopAll = () => Promise.all([...children].map(stop));
