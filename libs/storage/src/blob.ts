/** The name of a content. */
export interface BlobRef {
  /** Lower-case hex SHA-256 of the content. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Chunks that come from a stream stay as they are: a store may hold them longer than until the next one. */
export type BlobSource = AsyncIterable<Uint8Array> | Uint8Array;

export interface PutOptions {
  /** What the sender promised; a difference is BLOB_MISMATCH. */
  readonly expected?: { readonly sha256: string; readonly size?: number };
  /** Bytes; one more is BLOB_TOO_LARGE. */
  readonly maxBytes?: number;
  /**
   * Called once the name of the content is known and before the store looks whether it has it already; the put waits for it. What is claimed here is
   * safe from the collector, see BlobCollector.
   */
  readonly claim?: (ref: BlobRef) => Promise<void>;
  /** Told of a chunk of the source when the store has no more use for it; not of those of a put that failed. */
  readonly release?: (chunk: Uint8Array) => void;
}
