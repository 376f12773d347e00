import { randomUUID } from 'node:crypto';
import { blobKey, stagedKey, TMP } from '../blob-key.js';
import type { BlobRef, PutOptions } from '../blob-store.js';
import { downloadHeader } from '../download-header.js';
import type { DirectAccess, UploadPlace } from '../part-uploads.js';
import type { S3Bucket } from './s3-bucket.js';
import { s3Client, type S3Client, type S3Options } from './s3-client.js';
import { blobOfStaged } from './staged.js';

/** Presigned URLs (AWS Signature Version 4 in the query), for the address at which clients reach the store. */
export class S3DirectAccess implements DirectAccess {
  readonly announced: boolean;
  private readonly signer: S3Client;

  constructor(
    private readonly bucket: S3Bucket,
    options: S3Options,
  ) {
    this.announced = options.publicEndpoint !== undefined;
    this.signer = s3Client(options, options.publicEndpoint ?? options.endpoint);
  }

  partUrl({ id, handle }: UploadPlace, number: number, seconds: number): Promise<string> {
    return this.sign('PUT', stagedKey(id), seconds, { uploadId: handle, partNumber: String(number) });
  }

  uploadUrl(id: string, seconds: number): Promise<string> {
    return this.sign('PUT', stagedKey(id), seconds);
  }

  downloadUrl(namespace: string, sha256: string, name: string, seconds: number): Promise<string> {
    return this.sign('GET', blobKey(namespace, sha256), seconds, {
      'response-content-type': 'application/octet-stream',
      'response-content-disposition': downloadHeader(name),
    });
  }

  async uploaded(id: string): Promise<string | undefined> {
    return (await this.bucket.guard(() => this.bucket.stat(stagedKey(id))))?.etag;
  }

  /** Whoever holds the URL may still write to the object: a copy of it, which nobody can name, is what is read and kept. */
  async adopt(id: string, namespace: string, opts?: PutOptions): Promise<BlobRef> {
    const own = `${TMP}/${randomUUID()}`;
    return this.bucket.guard(async () => {
      try {
        await this.bucket.copy(stagedKey(id), own, (await this.bucket.sizeOf(stagedKey(id))) ?? 0);
        return await blobOfStaged(this.bucket, own, namespace, opts);
      } finally {
        await this.bucket.remove(own).catch(() => {}); // The sweep takes it later.
      }
    });
  }

  async discard(id: string): Promise<void> {
    await this.bucket.guard(() => this.bucket.remove(stagedKey(id)));
  }

  private sign(method: string, key: string, seconds: number, query: Record<string, string> = {}): Promise<string> {
    return this.bucket.guard(() => this.signer.presignedUrl(method, this.bucket.name, this.bucket.full(key), seconds, query));
  }
}
