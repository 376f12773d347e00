import { Readable } from 'node:stream';
import { blobNotFound, resolveRange } from './blob-key.js';
import type { BlobStore, OpenBlob } from './blob-store.js';

/** An open blob of a store that knows nothing cheaper than its streams. */
export async function openStream(store: BlobStore, namespace: string, sha256: string): Promise<OpenBlob> {
  const found = await store.stat(namespace, sha256);
  if (!found) throw blobNotFound(namespace, sha256);
  return {
    size: found.size,
    async *pieces(range) {
      if (range) resolveRange(range, found.size);
      const stream: Readable = await store.get(namespace, sha256, range);
      yield* stream as AsyncIterable<Uint8Array>;
    },
    close: async () => {},
  };
}
