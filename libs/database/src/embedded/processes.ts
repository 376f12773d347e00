import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

const exec = promisify(execFile);

/** Commands of the system are found here whatever the caller's environment says. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

async function ps(pid: number, column: string): Promise<string | undefined> {
  const env = { PATH: SYSTEM_PATH, LC_ALL: 'C', TZ: 'UTC' };
  return exec('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { env }).then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  );
}

/**
 * A text that no other process of this machine ever has: pids come round again, start times do not. Undefined when there is no such
 * process, or only its zombie.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    const [state, started] = [await ps(pid, 'stat'), await ps(pid, 'lstart')];
    return state?.startsWith('Z') ? undefined : started;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // proc(5): the second field, a name in brackets, may hold blanks; the third is the state and the 22nd the start, in ticks since boot.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 20 || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()}:${fields[19]}`;
}

/** The command line, its words joined by blanks; undefined when there is no such process. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return ps(pid, 'command');
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return words.replaceAll('\0', ' ').trim() || undefined;
}

/** Sends a signal; false when the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** True as soon as the process `pid` that had this identity is gone; false after `ms`. */
export async function goneWithin(pid: number, identity: string, ms: number): Promise<boolean> {
  for (const deadline = Date.now() + ms; ; await delay(20)) {
    if ((await processIdentity(pid)) !== identity) return true;
    if (Date.now() >= deadline) return false;
  }
}
