import type { Readable } from 'node:stream';

export interface BlobRef {
  /** Lower-case hex SHA-256 of the content. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

export interface BlobEntry extends BlobRef {
  readonly namespace: string;
}

/** Bytes `start` to `end`, both inclusive and counted from 0, as in HTTP; without `end`, to the last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface PutOptions {
  /** What the sender promised; a difference is BLOB_MISMATCH. */
  readonly expected?: { readonly sha256: string; readonly size?: number };
  /** Bytes; one more is BLOB_TOO_LARGE. */
  readonly maxBytes?: number;
}

export type BlobSource = AsyncIterable<Uint8Array> | Uint8Array;

export type StorageErrorCode = 'BAD_INPUT' | 'BLOB_MISMATCH' | 'BLOB_NOT_FOUND' | 'BLOB_TOO_LARGE' | 'STORAGE_UNAVAILABLE';

/**
 * Content-addressed blobs, deduplicated inside a namespace (the id of a workspace, `[a-z0-9_]{1,64}` but not `tmp`).
 * Every call throws DomainError: BAD_INPUT for a namespace, hash or range that is none, STORAGE_UNAVAILABLE when the store fails.
 */
export interface BlobStore {
  /**
   * Streams `source` in and resolves when the blob is durable; the same content twice is one blob. Throws BLOB_MISMATCH,
   * BLOB_TOO_LARGE or the error of the source itself, and then keeps nothing.
   */
  put(namespace: string, source: BlobSource, opts?: PutOptions): Promise<BlobRef>;
  /** The content, whole or a range (an `end` past the last byte is cut). Throws BLOB_NOT_FOUND. */
  get(namespace: string, sha256: string, range?: ByteRange): Promise<Readable>;
  /** Size in bytes, or undefined when there is no such blob. */
  stat(namespace: string, sha256: string): Promise<{ size: number } | undefined>;
  /** Idempotent. */
  delete(namespace: string, sha256: string): Promise<void>;
  /** Every blob, of one namespace or of all, in no promised order. */
  list(namespace?: string): AsyncIterable<BlobEntry>;
  /** Proves that the store can be reached and written to. Throws STORAGE_UNAVAILABLE with what to do about it. */
  check(): Promise<void>;
}
