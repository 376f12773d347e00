import { Readable } from 'node:stream';
import { blobKey, blobNotFound, checkNamespace, parseKey, resolveRange } from './blob-key.js';
import type { BlobEntry, BlobRef, BlobSource, BlobStore, ByteRange, OpenBlob, PutOptions } from './blob-store.js';
import { Intake } from './intake.js';
import { MemoryPartUploads } from './memory-part-uploads.js';
import { openStream } from './open-stream.js';

/** The fake for small tests: same rules, nothing on disk. */
export class MemoryBlobStore implements BlobStore {
  readonly uploads = new MemoryPartUploads(this);
  private readonly blobs = new Map<string, Uint8Array & { writtenAt?: Date }>();

  async put(namespace: string, source: BlobSource, opts?: PutOptions): Promise<BlobRef> {
    checkNamespace(namespace);
    const intake = new Intake(source, opts);
    const chunks: Uint8Array[] = [];
    for await (const chunk of intake.read()) chunks.push(chunk);
    const ref = await intake.finish();
    this.blobs.set(blobKey(namespace, ref.sha256), Object.assign(Buffer.concat(chunks), { writtenAt: new Date() }));
    return ref;
  }

  async get(namespace: string, sha256: string, range: ByteRange = { start: 0 }): Promise<Readable> {
    const blob = this.blobs.get(blobKey(namespace, sha256));
    if (!blob) throw blobNotFound(namespace, sha256);
    const { start, length } = resolveRange(range, blob.byteLength);
    return Readable.from(length > 0 ? [blob.subarray(start, start + length)] : [], { objectMode: false });
  }

  async open(namespace: string, sha256: string): Promise<OpenBlob> {
    return openStream(this, namespace, sha256);
  }

  async stat(namespace: string, sha256: string): Promise<{ size: number } | undefined> {
    const blob = this.blobs.get(blobKey(namespace, sha256));
    return blob && { size: blob.byteLength };
  }

  async delete(namespace: string, sha256: string): Promise<void> {
    this.blobs.delete(blobKey(namespace, sha256));
  }

  async *list(namespace?: string): AsyncGenerator<BlobEntry, void, undefined> {
    if (namespace !== undefined) checkNamespace(namespace);
    for (const [key, blob] of this.blobs) {
      const id = parseKey(key)!;
      if (namespace === undefined || id.namespace === namespace)
        yield { ...id, size: blob.byteLength, writtenAt: blob.writtenAt! };
    }
  }

  async check(): Promise<void> {}
}
