import { createHash, randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import type { BlobRef, ByteRange, OpenBlob } from '../blob-store.js';

export const KIB = 1024;
export const MIB = 1024 * KIB;

export function refOf(content: Uint8Array): BlobRef {
  return { sha256: createHash('sha256').update(content).digest('hex'), size: content.byteLength };
}

/** What a list says of a blob, whenever it was written. */
export function entryOf(namespace: string, ref: BlobRef) {
  return { namespace, ...ref, writtenAt: expect.any(Date) };
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The content of an open blob; pieces are copied, since they are valid only one at a time. */
export async function piecesOf(blob: OpenBlob, range?: ByteRange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const piece of blob.pieces(range)) {
    await new Promise(setImmediate);
    chunks.push(Buffer.from(piece));
  }
  return Buffer.concat(chunks);
}

export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** `size` random bytes in chunks of 64 KiB, then an error, if one is given. */
export async function* chunksOf(size: number, failure?: Error): AsyncGenerator<Uint8Array, void, undefined> {
  for (let sent = 0; sent < size; sent += 64 * KIB) yield randomBytes(Math.min(64 * KIB, size - sent));
  if (failure) throw failure;
}

/** Passes `source` on and tells afterwards what it was and by how many bytes the live buffers of this process had grown at most. */
export function measured(source: AsyncIterable<Uint8Array>): {
  stream: AsyncIterable<Uint8Array>;
  result: () => BlobRef & { growth: number };
} {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const hash = createHash('sha256');
  let [size, peak] = [0, 0];
  const live = () => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const base = live();
  async function* pass() {
    for await (const chunk of source) {
      yield chunk;
      hash.update(chunk);
      size += chunk.byteLength;
      if (size % (2 * MIB) === 0) peak = Math.max(peak, live() - base);
    }
  }
  return { stream: pass(), result: () => ({ sha256: hash.digest('hex'), size, growth: peak }) };
}
