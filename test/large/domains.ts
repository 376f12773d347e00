import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { createCtx, Journal } from '#access';
import { loadConfig } from '#config';
import { queueName, type EventData, type EventName, type SubscriberName } from '#contracts';
import { UnitOfWork } from '#database';
import { PlatformModule } from '#host';
import { closeBullConnection, type MessagingOptions } from '#messaging';
import { ask, until, type Server } from '#testing';
import { bullConnection } from '../../libs/messaging/src/bull.js';

/** The use cases of another process on the database of a running installation: no role, no worker. */
export async function otherProcess(server: Server, env: Readonly<Record<string, string>> = {}): Promise<INestApplicationContext> {
  const config = loadConfig({ TAILRACE_HOME: server.home, TAILRACE_LOG_LEVEL: 'silent', ...env });
  const platform = PlatformModule.register({ config, databaseUrl: server.applicationUrl, service: 'test', workers: 0 });
  class Root {}
  return NestFactory.createApplicationContext({ module: Root, imports: [platform] }, { logger: false, abortOnError: false });
}

/** Says many events with their audit rows as use cases do, `batch` in a transaction. */
export async function sayAll<N extends EventName>(
  server: Server,
  event: N,
  all: readonly { readonly subject: { readonly kind: string; readonly id: string }; readonly data: EventData<N> }[],
  batch: number,
): Promise<void> {
  const [workspace] = await ask<{ id: string }>(server.databaseUrl, 'select id from workspace order by created_at limit 1');
  const app = await otherProcess(server);
  try {
    const journal = app.get(Journal);
    const ctx = createCtx(workspace!.id, { kind: 'system', name: 'test' });
    for (let from = 0; from < all.length; from += batch)
      await app.get(UnitOfWork).run({}, async (tx) => {
        for (const each of all.slice(from, from + batch)) await journal.record(tx, ctx, { event, ...each });
      });
  } finally {
    await app.close();
  }
}

/** Delivers an event to a subscriber `times` more, as a queue may that promises at least once. */
export async function redeliver(server: Server, subscriber: SubscriberName, eventId: string, times: number): Promise<void> {
  await enqueue(
    server,
    subscriber,
    Array.from({ length: times }, () => ({ eventId })),
  );
}

/** Puts messages into a subscriber's queue, whatever they are, and waits until the queue is empty. */
export async function enqueue(server: Server, subscriber: SubscriberName, messages: readonly unknown[]): Promise<void> {
  const options: MessagingOptions = {
    databaseUrl: server.applicationUrl,
    service: 'test',
    pollMs: 1000,
    sweepSeconds: 60,
    retentionDays: 30,
  };
  const connection = bullConnection(options, 0);
  const queue = new Queue(queueName(subscriber), { connection });
  const batch = Math.random().toString(36).slice(2);
  try {
    await queue.addBulk(
      messages.map((data, nth) => ({
        name: subscriber,
        data,
        opts: { jobId: `test-${batch}-${nth}`, removeOnComplete: true, removeOnFail: true },
      })),
    );
    await until(`the queue of ${subscriber} is empty`, async () => {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed');
      return Object.values(counts).every((count) => count === 0);
    });
  } finally {
    await queue.close();
    await closeBullConnection(connection);
  }
}
