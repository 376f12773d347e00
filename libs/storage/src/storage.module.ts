import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BlobCollector } from './blob-collector.js';
import { BlobRegistry } from './blob-registry.js';
import { BLOB_STORE, type BlobStore } from './blob-store.js';
import * as entities from './blob.entities.js';
import { StorageView } from './storage.view.js';

@Global()
@Module({})
export class StorageModule {
  static register(store: BlobStore): DynamicModule {
    return {
      module: StorageModule,
      imports: [TypeOrmModule.forFeature(Object.values(entities))],
      providers: [{ provide: BLOB_STORE, useValue: store }, BlobRegistry, BlobCollector, StorageView],
      exports: [BLOB_STORE, BlobRegistry, BlobCollector, StorageView],
    };
  }
}
