import type { ChildProcess } from 'node:child_process';

const live = new Set<ChildProcess>();

/** Remembers a child until it is gone, so that an exit of this process takes it along. */
export function track(child: ChildProcess): void {
  if (live.size === 0) process.once('exit', killAll);
  live.add(child);
  child.once('exit', () => untrack(child));
  child.once('error', () => untrack(child));
}

function untrack(child: ChildProcess): void {
  live.delete(child);
  if (live.size === 0) process.removeListener('exit', killAll);
}

function killAll(): void {
  for (const child of live) child.kill('SIGKILL');
}
