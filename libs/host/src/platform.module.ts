import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessModule } from '#access';
import type { Config } from '#config';
import { dataSourceOptions } from '#database';
import { LOGGER, MessagingModule } from '#messaging';
import { StorageModule } from '#storage';
import { createLogger, Metrics } from '#telemetry';
import { ApiAddress } from './api-address.js';
import { createBlobStore } from './blob-store.factory.js';
import { DomainsModule } from './domains.module.js';
import { Drain } from './drain.js';
import { HealthController } from './health.controller.js';
import { CONFIG } from './tokens.js';
import { WorkFolders } from './work-folders.js';

export interface PlatformOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  /** Name of the process in logs and in pg_stat_activity. */
  readonly service: string;
  /** How many queue workers this process holds at most. */
  readonly workers: number;
  /** Connections for use cases where the configuration does not say: what one process of several may hold. */
  readonly pool?: number;
}

/** What every process stands on: configuration, logs, metrics, database, events, blobs, access, and the domains' use cases. */
@Global()
@Module({})
export class PlatformModule {
  static register({ config, databaseUrl, service, workers, pool = 8 }: PlatformOptions): DynamicModule {
    const messaging = { databaseUrl, redisUrl: config.redisUrl, service, ...config.messaging };
    return {
      module: PlatformModule,
      imports: [
        TypeOrmModule.forRoot(dataSourceOptions(databaseUrl, config.database.pool ?? pool, service)),
        MessagingModule.register(messaging, workers),
        StorageModule.register(createBlobStore(config)),
        AccessModule,
        DomainsModule.register(config),
      ],
      controllers: [HealthController],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: createLogger(config.logLevel, service) },
        Metrics,
        ApiAddress,
        Drain,
        WorkFolders,
      ],
      exports: [CONFIG, LOGGER, Metrics, ApiAddress, Drain, WorkFolders],
    };
  }
}
