import { open, readFile, rename, stat } from 'node:fs/promises';

const MAX_BYTES = 10 * 1024 * 1024;

export interface ServerLog {
  /** For the child's stdout and stderr: a file, not a pipe, so that the server can write when we are gone. */
  readonly fd: number;
  /** The last lines written since this log was opened. */
  tail(): Promise<string>;
  close(): Promise<void>;
}

/** Opens the log for appending; one larger than 10 MB moves to `<path>.1` first. */
export async function openServerLog(path: string): Promise<ServerLog> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > MAX_BYTES) await rename(path, `${path}.1`);
  const handle = await open(path, 'a', 0o600);
  const from = size > MAX_BYTES ? 0 : size;
  return {
    fd: handle.fd,
    tail: async () => lastLines((await readFile(path)).subarray(from).toString()),
    close: () => handle.close(),
  };
}

export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
