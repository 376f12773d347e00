import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BlobEntity, BlobRegistry } from './blob-registry.js';
import type { BlobStore } from './blob-store.js';

export const BLOB_STORE = Symbol('BlobStore');

@Global()
@Module({})
export class StorageModule {
  static register(store: BlobStore): DynamicModule {
    return {
      module: StorageModule,
      imports: [TypeOrmModule.forFeature([BlobEntity])],
      providers: [{ provide: BLOB_STORE, useValue: store }, BlobRegistry],
      exports: [BLOB_STORE, BlobRegistry],
    };
  }
}
