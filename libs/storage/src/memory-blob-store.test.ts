import { describe } from 'vitest';
import { blobStoreContract } from './blob-store.contract.js';
import { partUploadsContract } from './part-uploads.contract.js';
import { MemoryBlobStore } from './memory-blob-store.js';
import { MIB } from './testing/bytes.js';

describe('MemoryBlobStore', () => {
  const subject = async () => ({
    store: new MemoryBlobStore(),
    leftovers: async () => [],
    close: async () => {},
    large: { bytes: 20 * MIB, growth: undefined },
  });
  blobStoreContract(subject);
  partUploadsContract(subject);
});
