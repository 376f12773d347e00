import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { DomainError } from '#kernel';
import { blobKey, blobNotFound, checkNamespace, parseKey, resolveRange, TMP } from '../blob-key.js';
import type { BlobEntry, BlobRef, BlobSource, BlobStore, ByteRange, OpenBlob, PutOptions } from '../blob-store.js';
import { Intake } from '../intake.js';
import { openStream } from '../open-stream.js';
import { inBlocks } from './blocks.js';
import { listObjects, sweepUploads } from './listing.js';
import { bodyParts, uploadParts } from './multipart.js';
import { S3Bucket } from './s3-bucket.js';
import type { S3Options } from './s3-client.js';
import { S3DirectAccess } from './s3-direct-access.js';
import { isMissing } from './s3-errors.js';
import { S3PartUploads } from './s3-part-uploads.js';

/**
 * Blobs as objects of one bucket of any S3. The key is known only at the end: what fits into one part waits in memory, anything
 * larger is uploaded as `tmp/<uuid>`, verified, and copied by the server to its key.
 */
export class S3BlobStore implements BlobStore {
  readonly uploads: S3PartUploads;
  readonly direct: S3DirectAccess | undefined;
  private readonly bucket: S3Bucket;
  private swept = false;

  constructor(options: S3Options) {
    this.bucket = new S3Bucket(options);
    this.uploads = new S3PartUploads(this.bucket);
    this.direct = options.publicEndpoint === 'off' ? undefined : new S3DirectAccess(this.bucket, options);
  }

  async put(namespace: string, source: BlobSource, opts?: PutOptions): Promise<BlobRef> {
    checkNamespace(namespace);
    const intake = new Intake(source, opts);
    const { part } = this.bucket.limits;
    return this.bucket.guard(async () => {
      const blocks = inBlocks(intake.read(), part);
      const head = (await blocks.next()).value ?? Buffer.alloc(0);
      if (head.byteLength < part) return this.putSmall(namespace, intake, head);
      return this.putLarge(namespace, intake, prepend(head, blocks));
    }, intake);
  }

  async get(namespace: string, sha256: string, range?: ByteRange): Promise<Readable> {
    const { client, name } = this.bucket;
    const key = this.bucket.full(blobKey(namespace, sha256));
    return this.bucket.guard(async () => {
      try {
        if (!range) return await client.getObject(name, key);
        const { start, length } = resolveRange(range, (await client.statObject(name, key)).size);
        return length > 0 ? await client.getPartialObject(name, key, start, length) : Readable.from([]);
      } catch (error) {
        throw isMissing(error) ? blobNotFound(namespace, sha256) : error;
      }
    });
  }

  async open(namespace: string, sha256: string): Promise<OpenBlob> {
    return openStream(this, namespace, sha256);
  }

  async stat(namespace: string, sha256: string): Promise<{ size: number } | undefined> {
    const key = blobKey(namespace, sha256);
    const size = await this.bucket.guard(() => this.bucket.sizeOf(key));
    return size === undefined ? undefined : { size };
  }

  async delete(namespace: string, sha256: string): Promise<void> {
    const key = blobKey(namespace, sha256);
    await this.bucket.guard(() => this.bucket.remove(key));
  }

  async *list(namespace?: string): AsyncGenerator<BlobEntry, void, undefined> {
    const { client, name, prefix } = this.bucket;
    const below = prefix + (namespace === undefined ? '' : `${checkNamespace(namespace)}/`);
    const objects = listObjects(client, name, below);
    for (;;) {
      const next = await this.bucket.guard(() => objects.next());
      if (next.done) return;
      const id = parseKey(next.value.key.slice(prefix.length));
      if (id) yield { ...id, size: next.value.size, writtenAt: new Date(next.value.modified) };
    }
  }

  async check(): Promise<void> {
    const { client, name, place } = this.bucket;
    await this.bucket.guard(async () => {
      if (!(await client.bucketExists(name)))
        throw new DomainError(
          'STORAGE_UNAVAILABLE',
          `blobs in ${place}: the bucket does not exist: create it or correct its name`,
        );
      const probe = `${TMP}/check-${randomUUID()}`;
      await client.putObject(name, this.bucket.full(probe), Buffer.from('tailrace'));
      await this.bucket.remove(probe);
      // What a crash left is swept once per process, not at every health check.
      if (!this.swept) await sweepUploads(client, name, this.bucket.full(`${TMP}/`));
      this.swept = true;
    });
  }

  private async putSmall(namespace: string, intake: Intake, content: Buffer): Promise<BlobRef> {
    const ref = await intake.finish();
    const key = blobKey(namespace, ref.sha256);
    if ((await this.bucket.sizeOf(key)) !== ref.size) {
      await this.bucket.client.putObject(this.bucket.name, this.bucket.full(key), content, content.byteLength);
      await this.bucket.verify(key, ref.size);
    }
    return ref;
  }

  private async putLarge(namespace: string, intake: Intake, blocks: AsyncIterable<Buffer>): Promise<BlobRef> {
    const upload = `${TMP}/${randomUUID()}`;
    try {
      await uploadParts(this.bucket.client, this.bucket.name, this.bucket.full(upload), bodyParts(blocks));
      const ref = await intake.finish();
      const key = blobKey(namespace, ref.sha256);
      if ((await this.bucket.sizeOf(key)) === ref.size) return ref;
      await this.bucket.verify(upload, ref.size);
      await this.bucket.copy(upload, key, ref.size);
      await this.bucket.verify(key, ref.size);
      return ref;
    } finally {
      await this.bucket.remove(upload).catch(() => {}); // The sweep takes it later; the blob itself is in place or the error is the news.
    }
  }
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield first;
  yield* rest;
}
