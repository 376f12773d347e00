export {
  type BlobEntry,
  type BlobRef,
  type BlobSource,
  type BlobStore,
  type ByteRange,
  type PutOptions,
  type StorageErrorCode,
} from './blob-store.js';
export { DiskBlobStore } from './disk/disk-blob-store.js';
export { MemoryBlobStore } from './memory-blob-store.js';
export { S3BlobStore } from './s3/s3-blob-store.js';
export { type S3Options } from './s3/s3-client.js';
export { BlobRegistry } from './blob-registry.js';
export { BLOB_STORE, StorageModule } from './storage.module.js';
