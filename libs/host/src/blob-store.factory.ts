import { join } from 'node:path';
import type { Config } from '#config';
import { DiskBlobStore, S3BlobStore, type BlobStore } from '#storage';

/** Any S3 server when one is configured, else a folder of the home. */
export function createBlobStore(config: Config): BlobStore {
  return config.s3 ? new S3BlobStore(config.s3) : new DiskBlobStore(join(config.home, 'blobs'));
}
