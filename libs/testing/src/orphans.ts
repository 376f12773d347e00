import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goneWithin, processIdentity, signalProcess } from '#database';

export interface AttemptProcess {
  readonly jobId: string;
  readonly number: number;
  readonly pid: number;
  readonly identity: string;
}

/** Attempt processes of a home that are alive: told by pid and start time. */
export async function attemptProcesses(home: string): Promise<AttemptProcess[]> {
  const dir = join(home, 'attempts');
  const names = (await readdir(dir).catch(() => [] as string[])).filter((name) => name.endsWith('.pid'));
  const found = await Promise.all(
    names.map(async (name): Promise<AttemptProcess[]> => {
      const [, jobId, number] = /^(.+)-(\d+)\.pid$/.exec(name) ?? [];
      const text = await readFile(join(dir, name), 'utf8').catch(() => '');
      if (!text || !jobId) return [];
      const { pid, identity } = JSON.parse(text) as { pid: number; identity: string };
      return (await processIdentity(pid)) === identity ? [{ jobId, number: Number(number), pid, identity }] : [];
    }),
  );
  return found.flat();
}

/** SIGKILL, and wait until it is gone. */
export async function kill9(pid: number): Promise<void> {
  const identity = await processIdentity(pid);
  if (!identity) return;
  signalProcess(pid, 'SIGKILL');
  if (!(await goneWithin(pid, identity, 10_000))) throw new Error(`process ${pid} survives SIGKILL`);
}
