import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError } from '#kernel';
import { errorCode } from './disk-errors.js';

/** Makes what was renamed or created in `dir` survive a power cut. */
export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Throws STORAGE_UNAVAILABLE when a part of `path` below `root` (itself a real path) is a symbolic link. */
export async function assertNoLink(root: string, path: string): Promise<void> {
  if ((await realpath(path)) === path) return;
  throw new DomainError('STORAGE_UNAVAILABLE', `blobs in ${root}: ${path} leads through a symbolic link; the store follows none`);
}

/**
 * Creates `dir` and its parents, durably. Not `mkdir({ recursive: true })`, which spins for ever where a file system answers ENOENT to
 * every mkdir, as /proc does.
 */
export async function makeTree(dir: string, parentMade = false): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o700 });
    await syncDir(dirname(dir));
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && (await stat(dir)).isDirectory()) return;
    if (errorCode(error) !== 'ENOENT' || parentMade || dirname(dir) === dir) throw error;
    await makeTree(dirname(dir));
    await makeTree(dir, true);
  }
}

/** Creates `root/parts…`, durably and without following a link, and returns its path. */
export async function makeDir(root: string, ...parts: string[]): Promise<string> {
  const dir = join(root, ...parts);
  if (await isMissing(root, dir)) {
    await makeTree(dir);
    await assertNoLink(root, dir);
  }
  return dir;
}

/** One look, since nearly always the folder is there; a file in its place is found by what is to be put into it. */
async function isMissing(root: string, dir: string): Promise<boolean> {
  try {
    await assertNoLink(root, dir);
    return false;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    throw error;
  }
}

/** Creates the new file `path` with all of `content`, flushed to the disk; a failure leaves no file. */
export async function writeNew(path: string, content: AsyncIterable<Uint8Array[]>): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunks of content) await writeAll(handle, chunks);
    await handle.sync();
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
}

/** One system call for all of them, as they lie. A disk that is nearly full takes a part; the rest then says why. */
async function writeAll(handle: FileHandle, chunks: Uint8Array[]): Promise<void> {
  let left = chunks;
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left);
    left = left.flatMap((chunk) => {
      const done = Math.min(bytesWritten, chunk.byteLength);
      bytesWritten -= done;
      return done < chunk.byteLength ? [chunk.subarray(done)] : [];
    });
  }
}

/** `rename` that lasts: the folder is flushed too. */
export async function moveInto(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDir(dirname(to));
}

export async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
}

/** Bytes of the regular file `path`; undefined when it is missing or anything else, a link included. */
export async function fileSize(path: string): Promise<number | undefined> {
  return (await regularFile(path))?.size;
}

export async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

export async function regularFile(path: string): Promise<{ readonly size: number; readonly mtime: Date } | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() ? found : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Names of the real folders (or regular files) in `dir`, sorted; none when `dir` is missing. */
export async function namesIn(dir: string, kind: 'dir' | 'file'): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => (kind === 'dir' ? entry.isDirectory() : entry.isFile()))
    .map((entry) => entry.name)
    .sort();
}
