import { DomainError, isDomainError } from '#kernel';
import type { BlobRef, BlobSource, PutOptions } from './blob.js';

/** An upload that comes in parts. */
export interface UploadPlace {
  /** `upl_` and 32 hex digits. */
  readonly id: string;
  /** What `begin` answered. */
  readonly handle: string;
}

export interface UploadPart {
  /** From 1. */
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** What names the content of the part, as the store says it. */
  readonly etag: string;
}

/**
 * Uploads in parts: each comes when it comes, in any order, and again if need be; together they become a blob. What an upload has gathered outlives the
 * process, until it is completed or aborted; the store removes by itself what nobody completed for more than a week.
 */
export interface PartUploads {
  /** Opens an upload; answers its handle. */
  begin(id: string): Promise<string>;
  /** Keeps a part of exactly `size` bytes, durably, in place of what was there. Throws BLOB_MISMATCH for another size, and then keeps what was there. */
  put(place: UploadPlace, number: number, size: number, source: BlobSource): Promise<UploadPart>;
  /** What is there, by number; undefined when the upload itself is not there any more. */
  parts(place: UploadPlace): Promise<UploadPart[] | undefined>;
  /**
   * Makes a blob of these parts, one after the other; nothing of the upload is left. Throws BAD_INPUT (`parts`) for a part that is not there or is not
   * that one, and BLOB_MISMATCH as `BlobStore.put`, after which nothing of it is left either. What fails for another reason, or in a crash, may be repeated.
   */
  complete(
    place: UploadPlace,
    namespace: string,
    parts: readonly Omit<UploadPart, 'size'>[],
    opts?: PutOptions,
  ): Promise<BlobRef>;
  /** Removes what is there; idempotent. */
  abort(place: UploadPlace): Promise<void>;
}

/** What a client may do with the store itself: by URLs that carry the right to one object and one method for some seconds. */
export interface DirectAccess {
  /** True when the operator says where clients reach the store: then they are sent there unasked. */
  readonly announced: boolean;
  /** PUT of one part of an upload that `begin` opened. */
  partUrl(place: UploadPlace, number: number, seconds: number): Promise<string>;
  /** PUT of a whole content that nobody announces or completes. */
  uploadUrl(id: string, seconds: number): Promise<string>;
  /** What was put at the `uploadUrl` of `id`, by a tag of its content; undefined as long as nothing was. */
  uploaded(id: string): Promise<string | undefined>;
  /** Makes a blob of what is there now; what is put there meanwhile or later does not change it. */
  adopt(id: string, namespace: string, opts?: PutOptions): Promise<BlobRef>;
  /** Removes what was put; idempotent. */
  discard(id: string): Promise<void>;
  /** GET of a blob, as a download named `name`. */
  downloadUrl(namespace: string, sha256: string, name: string, seconds: number): Promise<string>;
}

/** Throws BAD_INPUT unless all of `parts` are among what is there, in rising order. */
export function checkParts(parts: readonly Omit<UploadPart, 'size'>[], there: readonly UploadPart[] = []): void {
  const etags = new Map(there.map(({ number, etag }) => [number, etag]));
  const wrong = parts.find(
    ({ number, etag }, index) => etags.get(number) !== etag || (index > 0 && number <= parts[index - 1]!.number),
  );
  if (wrong) throw new DomainError('BAD_INPUT', `part ${wrong.number} is not there, or is another; send it again`, 'parts');
  if (parts.length === 0) throw new DomainError('BAD_INPUT', 'an upload has at least one part', 'parts');
}

/** The blob that an upload becomes; `clear` removes the upload then, and when its content is not what was announced, but not when the store failed. */
export async function settle(blob: Promise<BlobRef>, clear: () => Promise<void>): Promise<BlobRef> {
  try {
    const ref = await blob;
    await clear().catch(() => {}); // The blob is there; what is left of the upload is swept later.
    return ref;
  } catch (error) {
    if (isDomainError(error) && error.code === 'BLOB_MISMATCH') await clear();
    throw error;
  }
}

export function uploadGone(): DomainError {
  return new DomainError('NOT_FOUND', 'the upload was completed or given up meanwhile, or the store has lost it', 'id');
}
