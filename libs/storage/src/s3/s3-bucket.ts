import { CopyDestinationOptions, CopySourceOptions } from 'minio';
import type { Intake } from '../intake.js';
import { copyParts, uploadParts } from './multipart.js';
import { s3Client, type S3Client, type S3Options } from './s3-client.js';
import { isMissing, s3Error } from './s3-errors.js';

const MIB = 1024 * 1024;
/** 16 MiB parts of which S3 takes 10,000: a blob may have 156 GiB. A copy in one call may have 5 GiB; we stay well below. */
const LIMITS = { part: 16 * MIB, copy: 1024 * MIB };

/** A bucket, or what is below a prefix of it; keys are without the prefix. */
export class S3Bucket {
  readonly client: S3Client;
  readonly name: string;
  readonly prefix: string;
  /** For messages. */
  readonly place: string;
  readonly limits: typeof LIMITS;

  constructor(options: S3Options) {
    this.client = s3Client(options, options.endpoint);
    this.name = options.bucket;
    this.prefix = (options.prefix ?? '')
      .split('/')
      .filter(Boolean)
      .map((part) => `${part}/`)
      .join('');
    this.place = `${options.endpoint}, bucket ${options.bucket}`;
    this.limits = { ...LIMITS, ...options.limits };
  }

  full(key: string): string {
    return this.prefix + key;
  }

  /** Copied by the server, by parts when it is too large for one copy. */
  async copy(from: string, to: string, size: number): Promise<void> {
    const { client, name, limits } = this;
    if (size > limits.copy)
      return uploadParts(client, name, this.full(to), copyParts(`${name}/${this.full(from)}`, size, limits.copy));
    const target = new CopyDestinationOptions({ Bucket: name, Object: this.full(to) });
    await client.copyObject(new CopySourceOptions({ Bucket: name, Object: this.full(from) }), target);
  }

  /** Throws an Error unless the object is there with that size. */
  async verify(key: string, size: number): Promise<void> {
    const found = await this.sizeOf(key);
    if (found !== size) throw new Error(`${key} has ${found ?? 'no'} bytes after ${size} were sent`);
  }

  /** Bytes, or undefined when there is no such object. */
  async sizeOf(key: string): Promise<number | undefined> {
    return (await this.stat(key))?.size;
  }

  async stat(key: string): Promise<{ readonly size: number; readonly etag: string } | undefined> {
    try {
      return await this.client.statObject(this.name, this.full(key));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await this.client.removeObject(this.name, this.full(key));
  }

  /** Runs `work` and says of an error of the store where and why; an error of the source that `intake` reads passes as it is. */
  async guard<T>(work: () => Promise<T>, intake?: Intake): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw intake?.owns(error) ? error : s3Error(this.place, error);
    }
  }
}
