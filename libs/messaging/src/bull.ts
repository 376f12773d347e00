import type { ConnectionOptions, JobsOptions } from 'bullmq';
import { createPostgresBackend, Queue, runMigrations, setDefaultBackendFactory } from 'bullmq';
import pg from 'pg';
import { queueName, SUBSCRIBER_NAMES, SUBSCRIBERS, type SubscriberName } from '#contracts';
import type { MessagingOptions } from './messaging.options.js';

/** Schema in which BullMQ keeps its tables. */
export const BULL_SCHEMA = 'bullmq';

/**
 * Connection for every queue and worker of this process: Redis, or one bounded pool on PostgreSQL (each worker holds one connection to
 * listen; by default each queue and worker would own a pool of ten).
 */
export function bullConnection(options: MessagingOptions, workers: number): ConnectionOptions {
  if (options.redisUrl) return { url: options.redisUrl } as ConnectionOptions;
  setDefaultBackendFactory(createPostgresBackend);
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: workers + 3,
    application_name: `tailrace-${options.service}-queue`,
    options: `-c search_path=${BULL_SCHEMA}`,
    keepAlive: true,
  });
  pool.on('error', () => undefined);
  // Each queue and worker listens for errors of the pool that they share.
  pool.setMaxListeners(0);
  return pool as unknown as ConnectionOptions;
}

/** BullMQ's own migrations, and the application role's grants on what they made; it makes a sequence per queue by itself, hence `create`. */
export async function migrateBull(client: pg.Client, appRole: string): Promise<void> {
  await (runMigrations as unknown as (client: pg.Client) => Promise<void>)(client);
  const role = `"${appRole.replaceAll('"', '""')}"`;
  await client.query(`grant usage, create on schema ${BULL_SCHEMA} to ${role};
    grant select, insert, update, delete, truncate on all tables in schema ${BULL_SCHEMA} to ${role};
    grant usage, select, update on all sequences in schema ${BULL_SCHEMA} to ${role};
    grant execute on all functions in schema ${BULL_SCHEMA} to ${role}`);
}

/** A job ends by leaving the queue: what is left of it is the inbox row. */
export function jobOptions(subscriber: SubscriberName): JobsOptions {
  const { attempts, backoffMs } = SUBSCRIBERS[subscriber];
  return { attempts, backoff: { type: 'exponential', delay: backoffMs }, removeOnComplete: true, removeOnFail: true };
}

/** Job id of the pair (event, subscriber): adding it twice is one job. */
export function jobId(subscriber: SubscriberName, eventId: string): string {
  return `${eventId}-${queueName(subscriber)}`;
}

/** One queue per subscriber, for the process that fills them. */
export function openQueues(connection: ConnectionOptions): Map<SubscriberName, Queue> {
  return new Map(
    SUBSCRIBER_NAMES.map((name) => {
      const queue = new Queue(queueName(name), { connection, defaultJobOptions: jobOptions(name) });
      // A lost connection is told by the call that needed it.
      queue.on('error', () => undefined);
      return [name, queue];
    }),
  );
}

/** Ends the pool that queues and workers shared, once they are closed. */
export async function closeBullConnection(connection: ConnectionOptions): Promise<void> {
  if (connection instanceof pg.Pool) await connection.end();
}
