import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BlobCollector } from './blob-collector.js';
import { BlobRegistry } from './blob-registry.js';
import { BLOB_STORE, type BlobStore } from './blob-store.js';
import * as entities from './blob.entities.js';
import { DirectUploads } from './direct-uploads.service.js';
import { StorageView } from './storage.view.js';
import { UploadsService } from './uploads.service.js';
import { UploadsStore } from './uploads.store.js';

const SERVICES = [BlobRegistry, BlobCollector, StorageView, UploadsService, DirectUploads];

@Global()
@Module({})
export class StorageModule {
  static register(store: BlobStore): DynamicModule {
    return {
      module: StorageModule,
      imports: [TypeOrmModule.forFeature(Object.values(entities))],
      providers: [{ provide: BLOB_STORE, useValue: store }, ...SERVICES, UploadsStore],
      exports: [BLOB_STORE, ...SERVICES],
    };
  }
}
