import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { BlobRegistry } from './blob-registry.js';
import { BLOB_STORE, type BlobRef, type BlobStore } from './blob-store.js';
import type { DirectAccess, UploadPart } from './part-uploads.js';
import { UploadsStore, type UploadRow } from './uploads.store.js';
import { MAX_PARTS } from './uploads.service.js';

/**
 * How long the URL of a part is good. Longer than for what is seen at once: a part is seen by nobody until the upload is completed, for which the rights are
 * looked at anew, and a client gets the URLs of all parts before it sends the first.
 */
const PART_SECONDS = 3600;
const UPLOAD_SECONDS = 24 * 3600;
/** The longest that a URL for a whole file may be good: what is put there is taken for what its asker had the right to. */
export const MAX_WHOLE_SECONDS = 900;
export const MAX_DOWNLOAD_SECONDS = 900;

/** The artifact that an upload becomes. */
export interface ArtifactPlace {
  readonly workspaceId: string;
  readonly ownerId: string;
  readonly path: string;
}

/** Content that was put into the object store for an artifact. */
export interface Arrival extends ArtifactPlace {
  readonly id: string;
  readonly blob: BlobRef;
  readonly etag: string;
}

/** Artifacts that clients send to the object store and fetch from it themselves, by URLs that are good for some time. */
@Injectable()
export class DirectUploads {
  constructor(
    @Inject(BLOB_STORE) private readonly store: BlobStore,
    private readonly rows: UploadsStore,
    private readonly registry: BlobRegistry,
  ) {}

  /** False where blobs lie on a disk, which has no address. */
  get possible(): boolean {
    return this.store.direct !== undefined;
  }

  /** True where clients may be told of it. */
  get announced(): boolean {
    return this.store.direct?.announced ?? false;
  }

  /** A multipart upload; answers its id and where each part goes, by PUT. Throws BAD_INPUT. */
  async beginParts(place: ArtifactPlace, count: number): Promise<{ id: string; urls: string[] }> {
    const direct = this.direct();
    if (!Number.isSafeInteger(count) || count < 1 || count > MAX_PARTS)
      throw new DomainError('BAD_INPUT', `an upload has 1 to ${MAX_PARTS} parts`, 'num_parts');
    const id = newId('upload');
    const handle = await this.store.uploads.begin(id);
    await this.rows.add({ ...place, id, kind: 'PARTS', handle, seconds: UPLOAD_SECONDS });
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    return { id, urls: await Promise.all(numbers.map((number) => direct.partUrl({ id, handle }, number, PART_SECONDS))) };
  }

  /** Makes a blob of the parts; once more is the same. Throws NOT_FOUND for an upload that is not this artifact's, BAD_INPUT (`parts`). */
  async completeParts(place: ArtifactPlace, id: string, parts: readonly Omit<UploadPart, 'size'>[]): Promise<BlobRef> {
    const upload = await this.of(place, id);
    if (upload.blob) return { sha256: upload.blob, size: upload.blobSize! };
    const blob = await this.registry.keepUpload(place.workspaceId, upload, parts);
    await this.rows.becameBlob(id, blob);
    return blob;
  }

  /** Throws NOT_FOUND. */
  async abortParts(place: ArtifactPlace, id: string): Promise<void> {
    const upload = await this.of(place, id);
    if (!upload.blob) await this.store.uploads.abort(upload);
    await this.rows.remove(id);
  }

  /** Where the whole file goes, by one PUT, within `seconds`. */
  async beginWhole(place: ArtifactPlace, seconds: number): Promise<string> {
    const id = newId('upload');
    await this.rows.add({ ...place, id, kind: 'WHOLE', handle: '', seconds });
    return this.direct().uploadUrl(id, seconds);
  }

  /** What has been put since it was last looked for, as blobs, for one owner or any; `settled` says that it was dealt with. Clears what is over. */
  async *arrivals(ownerId?: string): AsyncGenerator<Arrival, void, undefined> {
    const { direct } = this.store;
    if (!direct) return;
    for (const row of await this.rows.wholes(ownerId)) {
      const etag = await direct.uploaded(row.id);
      if (etag !== undefined && etag !== row.etag) {
        const blob = await this.registry.keepDirect(row.workspaceId, direct, row.id);
        yield { id: row.id, workspaceId: row.workspaceId, ownerId: row.ownerId!, path: row.path!, blob, etag };
      }
      if (row.expiresAt.getTime() > Date.now()) continue;
      await direct.discard(row.id);
      await this.rows.remove(row.id);
    }
  }

  /** Step: what has arrived is an artifact now. False when somebody else came first. */
  async settled(tx: Tx, arrival: Arrival): Promise<boolean> {
    const rows = await tx.query('update upload set etag = $2, blob = $3 where id = $1 and etag is distinct from $2 returning 1', [
      arrival.id,
      arrival.etag,
      arrival.blob.sha256,
    ]);
    return rows.length > 0;
  }

  /** Where the blob can be fetched, as a download named `name`. */
  downloadUrl(workspaceId: string, sha256: string, name: string, seconds: number): Promise<string> {
    return this.direct().downloadUrl(workspaceId, sha256, name, seconds);
  }

  private async of(place: ArtifactPlace, id: string): Promise<UploadRow> {
    const upload = await this.rows.found({ workspaceId: place.workspaceId }, id);
    if (upload.ownerId !== place.ownerId || upload.path !== place.path)
      throw new DomainError('NOT_FOUND', `there is no upload ${id} of ${place.path}`, 'id');
    return upload;
  }

  private direct(): DirectAccess {
    if (this.store.direct) return this.store.direct;
    throw new DomainError(
      'NOT_READY',
      'blobs lie on a disk here, which clients cannot reach: send files through the API',
      'store',
    );
  }
}
