import type { Readable } from 'node:stream';
import type { BlobRef, BlobSource, PutOptions } from './blob.js';
import type { DirectAccess, PartUploads } from './part-uploads.js';

export type { BlobRef, BlobSource, PutOptions } from './blob.js';

/** Token of the store of this process. */
export const BLOB_STORE = Symbol('BlobStore');

export interface BlobEntry extends BlobRef {
  readonly namespace: string;
  /** When the content was written. */
  readonly writtenAt: Date;
}

/** Bytes `start` to `end`, both inclusive and counted from 0, as in HTTP; without `end`, to the last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** A blob that is open for reading. It holds what it was opened with until `pieces` has ended or `close` was called. */
export interface OpenBlob {
  /** Bytes. */
  readonly size: number;
  /**
   * The content, whole or a range, once. Memory is used again: a piece is valid until the next one is asked for, or until the reading is ended
   * early. Throws BAD_INPUT for a range that is none.
   */
  pieces(range?: ByteRange): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

export type StorageErrorCode = 'BAD_INPUT' | 'BLOB_MISMATCH' | 'BLOB_NOT_FOUND' | 'BLOB_TOO_LARGE' | 'STORAGE_UNAVAILABLE';

/**
 * Content-addressed blobs, deduplicated inside a namespace (the id of a workspace, `[a-z0-9_]{1,64}` but not `tmp`).
 * Every call throws DomainError: BAD_INPUT for a namespace, hash or range that is none, STORAGE_UNAVAILABLE when the store fails.
 */
export interface BlobStore {
  readonly uploads: PartUploads;
  /** Absent where a store has no address of its own. */
  readonly direct?: DirectAccess;
  /**
   * Streams `source` in and resolves when the blob is durable; the same content twice is one blob. Throws BLOB_MISMATCH,
   * BLOB_TOO_LARGE or the error of the source itself, and then keeps nothing.
   */
  put(namespace: string, source: BlobSource, opts?: PutOptions): Promise<BlobRef>;
  /** The content, whole or a range (an `end` past the last byte is cut). Throws BLOB_NOT_FOUND. */
  get(namespace: string, sha256: string, range?: ByteRange): Promise<Readable>;
  /** The cheapest way through a blob: for who passes each piece on before asking for the next. Throws BLOB_NOT_FOUND. */
  open(namespace: string, sha256: string): Promise<OpenBlob>;
  /** Size in bytes, or undefined when there is no such blob. */
  stat(namespace: string, sha256: string): Promise<{ size: number } | undefined>;
  /** Idempotent. */
  delete(namespace: string, sha256: string): Promise<void>;
  /** Every blob, of one namespace or of all, in no promised order. */
  list(namespace?: string): AsyncIterable<BlobEntry>;
  /** Proves that the store can be reached and written to. Throws STORAGE_UNAVAILABLE with what to do about it. */
  check(): Promise<void>;
}
