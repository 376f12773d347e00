// A platform as a process of its own, for benchmarks that drive it over HTTP.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const main = new URL('../../dist/apps/platform/src/main.js', import.meta.url).pathname;

export async function startPlatform(home, env = {}) {
  const started = performance.now();
  const child = spawn(process.execPath, [main, '--home', home, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TAILRACE_LOG_LEVEL: 'silent', ...env },
  });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the platform ended with ${code}`)));
  });
  const ms = performance.now() - started;
  const stop = () => new Promise((resolve) => child.removeAllListeners('exit').once('exit', resolve) && child.kill('SIGTERM'));
  return { ...JSON.parse(line), ms, stop };
}
