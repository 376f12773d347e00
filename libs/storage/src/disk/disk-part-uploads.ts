import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { isDomainError } from '#kernel';
import { checkNamespace, stagedKey, TMP } from '../blob-key.js';
import type { BlobRef, BlobSource, BlobStore, PutOptions } from '../blob-store.js';
import { Intake, wrongSize } from '../intake.js';
import { checkParts, settle, uploadGone, type PartUploads, type UploadPart, type UploadPlace } from '../part-uploads.js';
import { errorCode } from './disk-errors.js';
import { isFolder, makeDir, moveInto, namesIn, regularFile, unlinkIfThere, writeNew } from './disk-files.js';
import { PIECE } from './file-reader.js';

const GATHER = 1024 * 1024;
/** `00001-<sha256>`: the name says which part it is and what is in it. */
const NAME = /^(\d{5})-([0-9a-f]{64})$/;

/**
 * Parts as files of a folder `tmp/<id>`, each flushed and renamed into it. To complete is to put them, one after the other, as any other content: what it
 * costs to write them twice buys that no part can change once it has been hashed.
 */
export class DiskPartUploads implements PartUploads {
  constructor(
    private readonly store: Pick<BlobStore, 'put'>,
    private readonly guard: <T>(work: (root: string) => Promise<T>, intake?: Intake) => Promise<T>,
  ) {}

  async begin(id: string): Promise<string> {
    await this.guard((root) => makeDir(root, stagedKey(id)));
    return '';
  }

  async put({ id }: UploadPlace, number: number, size: number, source: BlobSource): Promise<UploadPart> {
    const folder = stagedKey(id);
    const intake = new Intake(source, { maxBytes: size });
    return this.guard(async (root) => {
      const written = join(root, TMP, randomUUID());
      try {
        await writeNew(written, intake.pieces(GATHER));
        const found = await intake.finish();
        if (found.size !== size) throw wrongSize(size);
        await this.replace(join(root, folder), written, nameOf(number, found.sha256));
        return { number, size, etag: found.sha256 };
      } catch (error) {
        throw isDomainError(error) && error.code === 'BLOB_TOO_LARGE' ? wrongSize(size) : error;
      } finally {
        await unlinkIfThere(written);
      }
    }, intake);
  }

  async parts({ id }: UploadPlace): Promise<UploadPart[] | undefined> {
    const folder = stagedKey(id);
    return this.guard(async (root) => {
      if (!(await isFolder(join(root, folder)))) return undefined;
      // A crash between the coming of a part and the end of what it replaces leaves both: the newer one counts.
      const found = new Map<number, UploadPart & { readonly at: number }>();
      for (const name of await namesIn(join(root, folder), 'file')) {
        const [, number, etag] = NAME.exec(name) ?? [];
        const file = await regularFile(join(root, folder, name));
        if (!number || !etag || !file) continue;
        const part = { number: Number(number), size: file.size, etag, at: file.mtime.getTime() };
        if ((found.get(part.number)?.at ?? 0) <= part.at) found.set(part.number, part);
      }
      return [...found.values()].map(({ number, size, etag }) => ({ number, size, etag }));
    });
  }

  async complete(
    place: UploadPlace,
    namespace: string,
    parts: readonly Omit<UploadPart, 'size'>[],
    opts?: PutOptions,
  ): Promise<BlobRef> {
    checkNamespace(namespace);
    checkParts(parts, await this.parts(place));
    const folder = await this.guard((root) => Promise.resolve(join(root, stagedKey(place.id))));
    const files = parts.map(({ number, etag }) => join(folder, nameOf(number, etag)));
    return settle(this.store.put(namespace, contentOf(files), opts), () => this.abort(place));
  }

  async abort({ id }: UploadPlace): Promise<void> {
    const folder = stagedKey(id);
    await this.guard((root) => rm(join(root, folder), { recursive: true, force: true }));
  }

  /** One file a part: what was there under its number goes once the new one is in place. */
  private async replace(folder: string, written: string, name: string): Promise<void> {
    try {
      await moveInto(written, join(folder, name));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      throw uploadGone();
    }
    for (const other of await namesIn(folder, 'file'))
      if (other.slice(0, 5) === name.slice(0, 5) && other !== name) await unlinkIfThere(join(folder, other));
  }
}

function nameOf(number: number, sha256: string): string {
  return `${String(number).padStart(5, '0')}-${sha256}`;
}

async function* contentOf(files: readonly string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const file of files) yield* createReadStream(file, { highWaterMark: PIECE }) as AsyncIterable<Uint8Array>;
}
