import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export function fileErrorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The text of a file, or undefined when it does not exist. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (fileErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}

/**
 * Creates `dir` (mode 0700) and its parents. Not `mkdir({ recursive: true })`, which spins for ever where a file system answers ENOENT to
 * every mkdir, as /proc does.
 */
export async function makeTree(dir: string, parentMade = false): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (fileErrorCode(error) === 'EEXIST' && (await stat(dir)).isDirectory()) return;
    if (fileErrorCode(error) !== 'ENOENT' || parentMade || dirname(dir) === dir) throw error;
    await makeTree(dirname(dir));
    await makeTree(dir, true);
  }
}

async function writeBeside(path: string, text: string): Promise<string> {
  const beside = `${path}.${randomUUID()}`;
  const handle = await open(beside, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return beside;
}

/** Flushes the entries of a folder, so that a rename in it survives a power cut. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces `path` (mode 0600) in one step: a reader sees the old text or the new. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await rename(await writeBeside(path, text), path);
  await syncFolder(dirname(path));
}

/** Creates `path` (mode 0600) with all of its text at once; false when it exists already. */
export async function createWhole(path: string, text: string): Promise<boolean> {
  const beside = await writeBeside(path, text);
  try {
    await link(beside, path);
    return true;
  } catch (error) {
    if (fileErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
}
