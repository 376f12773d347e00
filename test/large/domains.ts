import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { loadConfig } from '#config';
import { queueName, type SubscriberName } from '#contracts';
import { PlatformModule } from '#host';
import { closeBullConnection, type MessagingOptions } from '#messaging';
import type { Server } from '#testing';
import { bullConnection } from '../../libs/messaging/src/bull.js';

/** URL by which the application itself reaches the embedded database of a home. */
export async function applicationUrl({ home, databaseUrl }: Server): Promise<string> {
  const url = new URL(databaseUrl);
  url.username = 'tailrace_app';
  url.password = (await readFile(join(home, 'database-password'), 'utf8')).trim();
  return url.toString();
}

/** The use cases of another process on the database of a running installation: no role, no worker. */
export async function otherProcess(server: Server, env: Readonly<Record<string, string>> = {}): Promise<INestApplicationContext> {
  const config = loadConfig({ TAILRACE_HOME: server.home, TAILRACE_LOG_LEVEL: 'silent', ...env });
  const platform = PlatformModule.register({ config, databaseUrl: await applicationUrl(server), service: 'test', workers: 0 });
  class Root {}
  return NestFactory.createApplicationContext({ module: Root, imports: [platform] }, { logger: false, abortOnError: false });
}

/** Delivers an event to a subscriber `times` more, as a queue may that promises at least once. */
export async function redeliver(server: Server, subscriber: SubscriberName, eventId: string, times: number): Promise<void> {
  const options: MessagingOptions = {
    databaseUrl: await applicationUrl(server),
    service: 'test',
    pollMs: 1000,
    sweepSeconds: 60,
    retentionDays: 30,
  };
  const connection = bullConnection(options, 0);
  const queue = new Queue(queueName(subscriber), { connection });
  const jobs = Array.from({ length: times }, (_, again) => ({
    name: subscriber,
    data: { eventId },
    opts: { jobId: `${eventId}-again-${again}`, removeOnComplete: true, removeOnFail: true },
  }));
  await queue.addBulk(jobs);
  for (const until = Date.now() + 20_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const counts = await queue.getJobCounts('waiting', 'active', 'delayed');
    if (Object.values(counts).every((count) => count === 0)) break;
  }
  await queue.close();
  await closeBullConnection(connection);
}
