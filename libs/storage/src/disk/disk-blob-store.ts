import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readFile, realpath, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { blobKey, blobNotFound, checkNamespace, GATHERING_DAYS, isNamespace, parseKey, resolveRange, TMP } from '../blob-key.js';
import type { BlobEntry, BlobRef, BlobSource, BlobStore, ByteRange, OpenBlob, PutOptions } from '../blob-store.js';
import { Intake } from '../intake.js';
import { diskError, errorCode } from './disk-errors.js';
import { DiskPartUploads } from './disk-part-uploads.js';
import { FileReader, PIECE } from './file-reader.js';
import {
  assertNoLink,
  fileSize,
  makeDir,
  makeTree,
  moveInto,
  namesIn,
  regularFile,
  unlinkIfThere,
  writeNew,
} from './disk-files.js';

/** What an upload gathers before it is hashed and written. */
const GATHER = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Blobs as files below `dir`, written beside their place, flushed and renamed: a crash leaves at most files in `dir/tmp`. */
export class DiskBlobStore implements BlobStore {
  readonly uploads = new DiskPartUploads(this, (work, intake) => this.guard(work, intake));
  private readonly dir: string;
  private opened: Promise<string> | undefined;

  constructor(dir: string) {
    this.dir = resolve(dir);
  }

  async put(namespace: string, source: BlobSource, opts?: PutOptions): Promise<BlobRef> {
    checkNamespace(namespace);
    const intake = new Intake(source, opts);
    return this.guard(async (root) => {
      const upload = join(root, TMP, randomUUID());
      await writeNew(upload, intake.pieces(GATHER));
      let moved = false;
      try {
        const ref = await intake.finish();
        moved = await this.keep(root, upload, blobKey(namespace, ref.sha256), ref.size);
        return ref;
      } finally {
        if (!moved) await unlinkIfThere(upload);
      }
    }, intake);
  }

  async get(namespace: string, sha256: string, range: ByteRange = { start: 0 }): Promise<Readable> {
    const key = blobKey(namespace, sha256);
    return this.guard(async (root) => {
      const { handle, size } = await this.openFile(root, key);
      try {
        const { start, length } = resolveRange(range, size);
        if (length > 0) return handle.createReadStream({ start, end: start + length - 1, highWaterMark: PIECE });
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
      return Readable.from([]);
    });
  }

  async open(namespace: string, sha256: string): Promise<OpenBlob> {
    const key = blobKey(namespace, sha256);
    return this.guard(async (root) => {
      const { handle, size } = await this.openFile(root, key);
      return new FileReader(handle, size, (error) => diskError(this.dir, error));
    });
  }

  async stat(namespace: string, sha256: string): Promise<{ size: number } | undefined> {
    const key = blobKey(namespace, sha256);
    const size = await this.guard((root) => this.sizeOf(root, key));
    return size === undefined ? undefined : { size };
  }

  async delete(namespace: string, sha256: string): Promise<void> {
    const key = blobKey(namespace, sha256);
    await this.guard(async (root) => {
      if ((await this.sizeOf(root, key)) !== undefined) await unlinkIfThere(join(root, key));
    });
  }

  async *list(namespace?: string): AsyncGenerator<BlobEntry, void, undefined> {
    if (namespace !== undefined) checkNamespace(namespace);
    const all = await this.guard((root) => namesIn(root, 'dir'));
    for (const name of all.filter((found) => isNamespace(found) && (namespace ?? found) === found)) {
      for (const shard of await this.guard((root) => namesIn(join(root, name), 'dir'))) {
        yield* await this.guard((root) => this.shardEntries(root, `${name}/${shard}`));
      }
    }
  }

  async check(): Promise<void> {
    await this.guard(async (root) => {
      const probe = join(root, TMP, `check-${randomUUID()}`);
      await writeNew(probe, Readable.from([[Buffer.from('tailrace')]]));
      try {
        if ((await readFile(probe, 'utf8')) !== 'tailrace') throw new Error(`${probe} does not read back what was written`);
      } finally {
        await unlinkIfThere(probe);
      }
    });
  }

  /** Answers whether the upload became the blob. */
  private async keep(root: string, upload: string, key: string, size: number): Promise<boolean> {
    const parent = await makeDir(root, dirname(key));
    // Same name and same size is the same content, and it was flushed before it got that name.
    if ((await fileSize(join(root, key))) === size) return false;
    await moveInto(upload, join(parent, key.slice(-64)));
    return true;
  }

  private async openFile(root: string, key: string): Promise<{ handle: FileHandle; size: number }> {
    const path = join(root, key);
    let handle;
    try {
      handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      await assertNoLink(root, path);
      const found = await handle.stat();
      if (!found.isFile()) throw blobNotFound(key.slice(0, -68), key.slice(-64));
      return { handle, size: found.size };
    } catch (error) {
      await handle?.close();
      throw ['ENOENT', 'ELOOP'].includes(errorCode(error) ?? '') ? blobNotFound(key.slice(0, -68), key.slice(-64)) : error;
    }
  }

  private async sizeOf(root: string, key: string): Promise<number | undefined> {
    const size = await fileSize(join(root, key));
    if (size !== undefined) await assertNoLink(root, join(root, key));
    return size;
  }

  private async shardEntries(root: string, shard: string): Promise<BlobEntry[]> {
    const entries: BlobEntry[] = [];
    for (const name of await namesIn(join(root, shard), 'file')) {
      const id = parseKey(`${shard}/${name}`);
      const found = id && (await regularFile(join(root, shard, name)));
      if (id && found) entries.push({ ...id, size: found.size, writtenAt: found.mtime });
    }
    return entries;
  }

  private async guard<T>(work: (root: string) => Promise<T>, intake?: Intake): Promise<T> {
    try {
      return await work(await this.rooted());
    } catch (error) {
      throw intake?.owns(error) ? error : diskError(this.dir, error);
    }
  }

  /** Once per process; tried again after a failure, so that a disk that was repaired needs no restart. */
  private rooted(): Promise<string> {
    this.opened ??= this.prepare().catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }

  private async prepare(): Promise<string> {
    await makeTree(this.dir);
    const root = await realpath(this.dir);
    const tmp = await makeDir(root, TMP);
    await sweep(tmp, 'file', DAY_MS);
    await sweep(tmp, 'dir', GATHERING_DAYS * DAY_MS);
    return root;
  }
}

/** Removes what a crash left in `tmp` longer than `ms` ago. */
async function sweep(tmp: string, kind: 'file' | 'dir', ms: number): Promise<void> {
  for (const name of await namesIn(tmp, kind)) {
    const left = await lstat(join(tmp, name)).catch(() => undefined);
    if (left && Date.now() - left.mtimeMs > ms) await rm(join(tmp, name), { recursive: true, force: true });
  }
}
