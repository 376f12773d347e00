import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import { SnakeNaming } from './naming.js';
import { COLUMN_TYPES } from './timestamps.js';

/** Options of the application's data source: its role owns no table, and its pool is bounded. */
export function dataSourceOptions(url: string, pool: number, service: string): TypeOrmModuleOptions {
  return {
    type: 'postgres',
    url,
    autoLoadEntities: true,
    synchronize: false,
    logging: false,
    namingStrategy: new SnakeNaming(),
    applicationName: `tailrace-${service}`,
    poolSize: pool,
    retryAttempts: 3,
    retryDelay: 500,
    extra: {
      max: pool,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      pipeline: true,
      types: COLUMN_TYPES,
    },
  };
}
