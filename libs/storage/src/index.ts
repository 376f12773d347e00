export {
  BLOB_STORE,
  type BlobEntry,
  type BlobRef,
  type BlobSource,
  type BlobStore,
  type ByteRange,
  type OpenBlob,
  type PutOptions,
  type StorageErrorCode,
} from './blob-store.js';
export { downloadHeader } from './download-header.js';
export { type DirectAccess, type PartUploads, type UploadPart } from './part-uploads.js';
export { DiskBlobStore } from './disk/disk-blob-store.js';
export { MemoryBlobStore } from './memory-blob-store.js';
export { S3BlobStore } from './s3/s3-blob-store.js';
export { type S3Options } from './s3/s3-client.js';
export { BlobCollector, type CollectedBlobs } from './blob-collector.js';
export { BlobRegistry } from './blob-registry.js';
export { DirectUploads, MAX_DOWNLOAD_SECONDS, MAX_WHOLE_SECONDS } from './direct-uploads.service.js';
export { UploadsService, type OpenUpload } from './uploads.service.js';
export type { Uploader } from './uploads.store.js';
export { StorageModule } from './storage.module.js';
export { StorageView, type CollectionReport } from './storage.view.js';
