import { createHash } from 'node:crypto';
import { DomainError } from '#kernel';
import { checkNamespace, stagedKey } from '../blob-key.js';
import type { BlobRef, BlobSource, PutOptions } from '../blob-store.js';
import { readPart } from '../intake.js';
import { checkParts, settle, uploadGone, type PartUploads, type UploadPart, type UploadPlace } from '../part-uploads.js';
import type { S3Bucket } from './s3-bucket.js';
import { s3Code } from './s3-errors.js';
import { blobOfStaged } from './staged.js';

/** What S3 says of parts that do not fit together. */
const WRONG_PARTS = ['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'MalformedXML'];

/** Multipart uploads of S3, gathered as `tmp/<id>`. A part that comes through here waits in memory. */
export class S3PartUploads implements PartUploads {
  constructor(private readonly bucket: S3Bucket) {}

  async begin(id: string): Promise<string> {
    const key = this.bucket.full(stagedKey(id));
    const headers = { 'Content-Type': 'application/octet-stream' };
    return this.bucket.guard(() => this.bucket.client.initiateNewMultipartUpload(this.bucket.name, key, headers));
  }

  async put(place: UploadPlace, number: number, size: number, source: BlobSource): Promise<UploadPart> {
    const body = await readPart(source, size);
    const headers = { 'Content-MD5': createHash('md5').update(body).digest('base64') };
    const part = { ...this.named(place), partNumber: number, headers };
    const { etag } = await this.bucket.guard(() =>
      this.bucket.client.uploadPart(part, body).catch((error: unknown) => {
        throw s3Code(error) === 'NoSuchUpload' ? uploadGone() : error;
      }),
    );
    return { number, size, etag };
  }

  async parts(place: UploadPlace): Promise<UploadPart[] | undefined> {
    const { bucketName, objectName, uploadID } = this.named(place);
    return this.bucket.guard(async () => {
      const found = await this.bucket.client.partsOf(bucketName, objectName, uploadID).catch((error: unknown) => {
        if (s3Code(error) === 'NoSuchUpload') return undefined;
        throw error;
      });
      if (!found) return undefined;
      // SeaweedFS lists a part that was sent again once for each time: the newest counts.
      const newest = new Map(found.sort((a, b) => +a.lastModified - +b.lastModified).map((one) => [one.part, one]));
      const parts = [...newest.values()].map(({ part, size, etag }) => ({ number: part, size, etag }));
      return parts.sort((a, b) => a.number - b.number);
    });
  }

  async complete(
    place: UploadPlace,
    namespace: string,
    parts: readonly Omit<UploadPart, 'size'>[],
    opts?: PutOptions,
  ): Promise<BlobRef> {
    checkNamespace(namespace);
    const staged = stagedKey(place.id);
    return this.bucket.guard(async () => {
      if ((await this.bucket.sizeOf(staged)) === undefined) await this.join(place, parts);
      return settle(blobOfStaged(this.bucket, staged, namespace, opts), () => this.bucket.remove(staged));
    });
  }

  async abort(place: UploadPlace): Promise<void> {
    const { bucketName, objectName, uploadID } = this.named(place);
    await this.bucket.guard(async () => {
      await this.bucket.client.abortMultipartUpload(bucketName, objectName, uploadID).catch((error: unknown) => {
        if (s3Code(error) !== 'NoSuchUpload') throw error;
      });
      await this.bucket.remove(stagedKey(place.id));
    });
  }

  private async join(place: UploadPlace, parts: readonly Omit<UploadPart, 'size'>[]): Promise<void> {
    checkParts(parts, await this.parts(place));
    const { bucketName, objectName, uploadID } = this.named(place);
    const etags = parts.map(({ number, etag }) => ({ part: number, etag }));
    try {
      await this.bucket.client.completeMultipartUpload(bucketName, objectName, uploadID, etags);
    } catch (error) {
      if (!WRONG_PARTS.includes(s3Code(error))) throw error;
      throw new DomainError('BAD_INPUT', `the store cannot make a file of these parts: ${s3Code(error)}`, 'parts');
    }
  }

  private named({ id, handle }: UploadPlace) {
    return { bucketName: this.bucket.name, objectName: this.bucket.full(stagedKey(id)), uploadID: handle };
  }
}
