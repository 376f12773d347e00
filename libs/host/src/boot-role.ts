import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '#config';
import { workersOf } from '#contracts';
import { BULL_CONNECTION, closeBullConnection } from '#messaging';
import { ApiAddress } from './api-address.js';
import { Drain } from './drain.js';
import { PlatformModule } from './platform.module.js';

export interface RoleOptions {
  readonly service: string;
  readonly adapter?: FastifyAdapter;
}

/**
 * Starts one role as a process of its own: its processors, and `/livez`, `/readyz`, `/metrics` on TAILRACE_HOST:TAILRACE_PORT. Needs DATABASE_URL.
 * SIGTERM: not ready, running jobs end, exit 0.
 */
export async function bootRole(role: Type, options: RoleOptions): Promise<NestFastifyApplication> {
  const config = loadConfig();
  if (!config.database.url)
    throw new Error(
      'DATABASE_URL must be set: a single role needs the shared database (npm start runs everything in one process)',
    );
  const platform = PlatformModule.register({
    config,
    databaseUrl: config.database.url,
    service: options.service,
    workers: workersOf(options.service),
  });
  const app = await createApp([platform, role], options.adapter ?? new FastifyAdapter());
  app.get(ApiAddress).url = config.urls.api;
  await app.listen(config.http.port, config.http.host);
  const stop = () => void closeApp(app).then(() => process.exit(0));
  process.once('SIGTERM', stop).once('SIGINT', stop);
  return app;
}

/** Ends an application in order: what needs the edges, edges, running jobs, loops, queues, connections. */
export async function closeApp(app: NestFastifyApplication): Promise<void> {
  const connection = app.get<Parameters<typeof closeBullConnection>[0]>(BULL_CONNECTION);
  await app.get(Drain).run();
  await app.close();
  await closeBullConnection(connection);
}

/** A Nest application over these modules; its own log lines are left out, ours are structured. */
export async function createApp(modules: readonly unknown[], adapter: FastifyAdapter): Promise<NestFastifyApplication> {
  class Root {}
  return NestFactory.create<NestFastifyApplication>({ module: Root, imports: modules as never[] }, adapter, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
}
