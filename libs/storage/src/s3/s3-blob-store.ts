import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { CopyDestinationOptions, CopySourceOptions, type Client } from 'minio';
import { DomainError } from '#kernel';
import { blobKey, blobNotFound, checkNamespace, parseKey, resolveRange, TMP } from '../blob-key.js';
import type { BlobEntry, BlobRef, BlobSource, BlobStore, ByteRange, OpenBlob, PutOptions } from '../blob-store.js';
import { Intake } from '../intake.js';
import { openStream } from '../open-stream.js';
import { inBlocks } from './blocks.js';
import { listObjects, sweepUploads } from './listing.js';
import { bodyParts, copyParts, uploadParts } from './multipart.js';
import { s3Client, type S3Options } from './s3-client.js';
import { isMissing, s3Error } from './s3-errors.js';

const MIB = 1024 * 1024;
/** 16 MiB parts of which S3 takes 10,000: a blob may have 156 GiB. A copy in one call may have 5 GiB; we stay well below. */
const LIMITS = { part: 16 * MIB, copy: 1024 * MIB };

/**
 * Blobs as objects of one bucket of any S3. The key is known only at the end: what fits into one part waits in memory, anything
 * larger is uploaded as `tmp/<uuid>`, verified, and copied by the server to its key.
 */
export class S3BlobStore implements BlobStore {
  private readonly client: Client;
  private readonly bucket: string;
  private readonly prefix: string;
  private readonly place: string;
  private readonly limits: typeof LIMITS;
  private swept = false;

  constructor(options: S3Options) {
    this.client = s3Client(options);
    this.bucket = options.bucket;
    this.prefix = (options.prefix ?? '')
      .split('/')
      .filter(Boolean)
      .map((part) => `${part}/`)
      .join('');
    this.place = `${options.endpoint}, bucket ${options.bucket}`;
    this.limits = { ...LIMITS, ...options.limits };
  }

  async put(namespace: string, source: BlobSource, opts?: PutOptions): Promise<BlobRef> {
    checkNamespace(namespace);
    const intake = new Intake(source, opts);
    return this.guard(async () => {
      const blocks = inBlocks(intake.read(), this.limits.part);
      const head = (await blocks.next()).value ?? Buffer.alloc(0);
      if (head.byteLength < this.limits.part) return this.putSmall(namespace, intake, head);
      return this.putLarge(namespace, intake, prepend(head, blocks));
    }, intake);
  }

  async get(namespace: string, sha256: string, range?: ByteRange): Promise<Readable> {
    const key = this.prefix + blobKey(namespace, sha256);
    return this.guard(async () => {
      try {
        if (!range) return await this.client.getObject(this.bucket, key);
        const { start, length } = resolveRange(range, (await this.client.statObject(this.bucket, key)).size);
        return length > 0 ? await this.client.getPartialObject(this.bucket, key, start, length) : Readable.from([]);
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
    const size = await this.guard(() => this.sizeOf(key));
    return size === undefined ? undefined : { size };
  }

  async delete(namespace: string, sha256: string): Promise<void> {
    const key = blobKey(namespace, sha256);
    await this.guard(() => this.remove(key));
  }

  async *list(namespace?: string): AsyncGenerator<BlobEntry, void, undefined> {
    const prefix = this.prefix + (namespace === undefined ? '' : `${checkNamespace(namespace)}/`);
    const objects = listObjects(this.client, this.bucket, prefix);
    for (;;) {
      const next = await this.guard(() => objects.next());
      if (next.done) return;
      const id = parseKey(next.value.key.slice(this.prefix.length));
      if (id) yield { ...id, size: next.value.size, writtenAt: new Date(next.value.modified) };
    }
  }

  async check(): Promise<void> {
    await this.guard(async () => {
      if (!(await this.client.bucketExists(this.bucket)))
        throw new DomainError(
          'STORAGE_UNAVAILABLE',
          `blobs in ${this.place}: the bucket does not exist: create it or correct its name`,
        );
      const probe = `${TMP}/check-${randomUUID()}`;
      await this.client.putObject(this.bucket, this.prefix + probe, Buffer.from('tailrace'));
      await this.remove(probe);
      // What a crash left is swept once per process, not at every health check.
      if (!this.swept) await sweepUploads(this.client, this.bucket, `${this.prefix}${TMP}/`);
      this.swept = true;
    });
  }

  private async putSmall(namespace: string, intake: Intake, content: Buffer): Promise<BlobRef> {
    const ref = await intake.finish();
    const key = blobKey(namespace, ref.sha256);
    if ((await this.sizeOf(key)) !== ref.size) {
      await this.client.putObject(this.bucket, this.prefix + key, content, content.byteLength);
      await this.verify(key, ref.size);
    }
    return ref;
  }

  private async putLarge(namespace: string, intake: Intake, blocks: AsyncIterable<Buffer>): Promise<BlobRef> {
    const upload = `${TMP}/${randomUUID()}`;
    try {
      await uploadParts(this.client, this.bucket, this.prefix + upload, bodyParts(blocks));
      const ref = await intake.finish();
      const key = blobKey(namespace, ref.sha256);
      if ((await this.sizeOf(key)) === ref.size) return ref;
      await this.verify(upload, ref.size);
      await this.copy(upload, key, ref.size);
      await this.verify(key, ref.size);
      return ref;
    } finally {
      await this.remove(upload).catch(() => {}); // The sweep takes it later; the blob itself is in place or the error is the news.
    }
  }

  private async copy(from: string, to: string, size: number): Promise<void> {
    const { client, bucket, prefix } = this;
    const source = `${bucket}/${prefix}${from}`;
    if (size > this.limits.copy) return uploadParts(client, bucket, prefix + to, copyParts(source, size, this.limits.copy));
    const target = new CopyDestinationOptions({ Bucket: bucket, Object: prefix + to });
    await client.copyObject(new CopySourceOptions({ Bucket: bucket, Object: prefix + from }), target);
  }

  private async verify(key: string, size: number): Promise<void> {
    const found = await this.sizeOf(key);
    if (found !== size) throw new Error(`${key} has ${found ?? 'no'} bytes after ${size} were sent`);
  }

  private async sizeOf(key: string): Promise<number | undefined> {
    try {
      return (await this.client.statObject(this.bucket, this.prefix + key)).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  private async remove(key: string): Promise<void> {
    await this.client.removeObject(this.bucket, this.prefix + key);
  }

  private async guard<T>(work: () => Promise<T>, intake?: Intake): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw intake?.owns(error) ? error : s3Error(this.place, error);
    }
  }
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield first;
  yield* rest;
}
