import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '#config';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
export const TAILRACE = `${ROOT}bin/tailrace.mjs`;

export interface RunningPlatform {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Makes dist/ what the sources say; the processes of these tests run from there. */
export function build(): void {
  const { status, stderr } = spawnSync(process.execPath, [`${ROOT}infra/build.mjs`], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed: ${stderr}`);
}

/** A platform in a process of its own, as people start it. */
export async function startPlatformProcess(
  home: string,
  extra: Record<string, string> = {},
  port = '0',
): Promise<RunningPlatform> {
  const env = childEnvironment({ TAILRACE_LOG_LEVEL: 'warn', ...extra });
  const child = spawn(process.execPath, [TAILRACE, 'up', '--home', home, '--port', port, '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-5000)));
  const line = await firstLine(child);
  if (line === undefined) throw new Error(`the platform did not start:\n${words}`);
  const { url, token, pid } = JSON.parse(line) as { url: string; token: string; pid: number };
  return { url, token, pid, stop: () => stopped(child) };
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    if (text.includes('\n')) return text;
  }
  return undefined;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
