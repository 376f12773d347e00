import { Inject, Injectable } from '@nestjs/common';
import { DomainError, isDomainError, newId } from '#kernel';
import { checkSha256 } from './blob-key.js';
import { BlobRegistry } from './blob-registry.js';
import { BLOB_STORE, type BlobRef, type BlobSource, type BlobStore } from './blob-store.js';
import type { UploadPart } from './part-uploads.js';
import { UploadsStore, type Uploader, type UploadRow } from './uploads.store.js';

const MIB = 2 ** 20;
/** S3 wants at least 5 MiB of every part but the last, and takes 10,000 of them; a part may wait in memory. */
export const PART_SIZE = { min: 5 * MIB, default: 16 * MIB, max: 64 * MIB };
export const MAX_PARTS = 10_000;
/** Since the last part came. */
const WEEK_SECONDS = 7 * 24 * 3600;

export interface UploadSpec {
  /** Bytes of the whole. */
  readonly size: number;
  /** Lower-case hex SHA-256 of the whole: what lets an upload be found again by its content, and checks it. */
  readonly sha256?: string;
  /** Bytes of every part but the last. */
  readonly partSize?: number;
}

export interface OpenUpload {
  readonly id: string;
  readonly size: number;
  readonly partSize: number;
  readonly expiresAt: Date;
  readonly parts: readonly {
    readonly number: number;
    readonly offset: number;
    readonly size: number;
    readonly received: boolean;
  }[];
  /** What it became, once it is complete. */
  readonly blob: BlobRef | null;
}

/** Large contents that come in parts and become blobs of the workspace; whoever was interrupted goes on with what is missing. */
@Injectable()
export class UploadsService {
  constructor(
    @Inject(BLOB_STORE) private readonly store: BlobStore,
    private readonly rows: UploadsStore,
    private readonly registry: BlobRegistry,
  ) {}

  /** Begins an upload, or finds the one that was begun for the same content. Throws BAD_INPUT. */
  async begin(by: Uploader, spec: UploadSpec): Promise<OpenUpload> {
    const { size, sha256, partSize } = check(spec);
    const before = sha256 && (await this.rows.same(by, sha256, size, partSize));
    const open = before && (await this.described(before));
    if (open) return open;
    if (before) await this.rows.remove(before.id);
    const id = newId('upload');
    const handle = await this.store.uploads.begin(id);
    const added = await this.rows.add({ id, ...by, kind: 'PARTS', handle, size, partSize, sha256, seconds: WEEK_SECONDS });
    if (added) return this.find(by, id);
    // Somebody else began it in this moment, or one that is over stands in the way.
    await this.store.uploads.abort({ id, handle });
    await this.expire();
    return this.begin(by, spec);
  }

  /** Throws NOT_FOUND. */
  async find(by: Uploader, id: string): Promise<OpenUpload> {
    const open = await this.described(await this.announced(by, id));
    if (open) return open;
    await this.rows.remove(id);
    throw lost(id);
  }

  /** Keeps one part, in place of what was there. Throws NOT_FOUND, BAD_INPUT for a number that it has not, BLOB_MISMATCH for another size. */
  async put(by: Uploader, id: string, number: number, source: BlobSource): Promise<void> {
    const upload = await this.announced(by, id);
    const size = sizeOfPart(upload, number);
    if (upload.blob) throw new DomainError('CONFLICT', `upload ${id} is complete`, 'id');
    await this.store.uploads.put(upload, number, size, source);
    await this.rows.prolong(id, WEEK_SECONDS);
  }

  /** Makes a blob of it; once more is the same. Throws NOT_FOUND, CONFLICT as long as a part is missing, BLOB_MISMATCH: then nothing is left of it. */
  async complete(by: Uploader, id: string): Promise<BlobRef> {
    const upload = await this.announced(by, id);
    if (upload.blob) return { sha256: upload.blob, size: upload.blobSize! };
    const parts = await this.store.uploads.parts(upload);
    if (parts) checkAllCame(upload, parts);
    const expected = upload.sha256 ? { sha256: upload.sha256, size: upload.size } : undefined;
    try {
      // What is gone from among the parts may have become one in a process that ended then: the store knows.
      const blob = await this.registry.keepUpload(by.workspaceId, upload, parts ?? [], expected);
      await this.rows.becameBlob(id, blob);
      return blob;
    } catch (error) {
      // Who completed it in the same moment took what was there away.
      const now = await this.announced(by, id);
      if (now.blob) return { sha256: now.blob, size: now.blobSize! };
      const over = isDomainError(error) && (error.code === 'BLOB_MISMATCH' || !parts);
      if (over) await this.rows.remove(id);
      throw over && !parts ? lost(id) : error;
    }
  }

  /** Throws NOT_FOUND. */
  async abort(by: Uploader, id: string): Promise<void> {
    const upload = await this.announced(by, id);
    if (!upload.blob) await this.store.uploads.abort(upload);
    await this.rows.remove(id);
  }

  /** Where a client sends the parts itself, past this process; undefined where nobody says that it can reach the store. */
  async urls(by: Uploader, id: string, numbers: readonly number[], seconds: number): Promise<string[] | undefined> {
    const { direct } = this.store;
    if (!direct?.announced) return undefined;
    const upload = await this.announced(by, id);
    return Promise.all(numbers.map((number) => direct.partUrl(upload, number, seconds)));
  }

  /** Removes what nobody went on with for a week, and forgets what was completed; answers how many. */
  async expire(): Promise<number> {
    const overdue = await this.rows.overdue();
    for (const upload of overdue) {
      if (!upload.blob) await this.store.uploads.abort(upload);
      await this.rows.remove(upload.id);
    }
    return overdue.length;
  }

  private async announced(by: Uploader, id: string): Promise<Announced> {
    const row = await this.rows.found(by, id);
    if (row.size === null || row.partSize === null) throw new DomainError('NOT_FOUND', `there is no upload ${id}`, 'id');
    return row as Announced;
  }

  /** Undefined when the store has lost it. */
  private async described(upload: UploadRow): Promise<OpenUpload | undefined> {
    const row = upload as Announced;
    const { id, size, partSize, expiresAt, blob, blobSize } = row;
    const came = blob ? [] : await this.store.uploads.parts(row);
    if (!came) return undefined;
    const parts = partsOf(row, came).map((part) => (blob ? { ...part, received: true } : part));
    return { id, size, partSize, expiresAt, parts, blob: blob ? { sha256: blob, size: blobSize! } : null };
  }
}

type Announced = UploadRow & { readonly size: number; readonly partSize: number };

function check({ size, sha256, partSize = PART_SIZE.default }: UploadSpec) {
  if (!Number.isSafeInteger(size) || size < 1)
    throw new DomainError('BAD_INPUT', 'size is the number of bytes of the whole, at least 1', 'size');
  if (!Number.isSafeInteger(partSize) || partSize < PART_SIZE.min || partSize > PART_SIZE.max)
    throw new DomainError('BAD_INPUT', `partSize is a number of bytes from ${PART_SIZE.min} to ${PART_SIZE.max}`, 'partSize');
  if (size > partSize * MAX_PARTS)
    throw new DomainError('BAD_INPUT', `an upload has at most ${MAX_PARTS} parts; choose a larger partSize`, 'partSize');
  return { size, partSize, sha256: sha256 === undefined ? undefined : checkSha256(sha256) };
}

function lost(id: string): DomainError {
  return new DomainError('NOT_FOUND', `what came of upload ${id} is not in the store any more; begin a new one`, 'id');
}

function checkAllCame(upload: Announced, came: readonly UploadPart[]): void {
  const missing = partsOf(upload, came).filter((part) => !part.received);
  if (missing.length === 0) return;
  const some = missing.slice(0, 10).map(({ number }) => number);
  throw new DomainError(
    'CONFLICT',
    `${missing.length} parts have not come yet, such as ${some.join(', ')}; send them first`,
    'id',
  );
}

function sizeOfPart({ size, partSize }: Announced, number: number): number {
  const count = Math.ceil(size / partSize);
  if (!Number.isSafeInteger(number) || number < 1 || number > count)
    throw new DomainError('BAD_INPUT', `this upload has parts 1 to ${count}`, 'number');
  return number < count ? partSize : size - (count - 1) * partSize;
}

function partsOf(upload: Announced, came: readonly UploadPart[]): OpenUpload['parts'] {
  const sizes = new Map(came.map((part) => [part.number, part.size]));
  return Array.from({ length: Math.ceil(upload.size / upload.partSize) }, (_, index) => {
    const size = sizeOfPart(upload, index + 1);
    return { number: index + 1, offset: index * upload.partSize, size, received: sizes.get(index + 1) === size };
  });
}
