import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConnectionOptions, Queue } from 'bullmq';
import { SUBSCRIBER_NAMES, type SubscriberName } from '#contracts';
import { jobId, openQueues } from './bull.js';

export const BULL_CONNECTION = Symbol('BullConnection');

/** Up to so many jobs are quicker one by one: on PostgreSQL a bulk makes two temporary tables, which costs about 5 ms, and one job takes 1 ms. */
const FEW = 3;

export interface Dispatch {
  readonly subscriber: SubscriberName;
  readonly eventId: string;
}

/** The queues as the relay and the sweeper fill them. */
@Injectable()
export class Queues implements OnApplicationShutdown {
  private queues: Map<SubscriberName, Queue> | undefined;

  constructor(@Inject(BULL_CONNECTION) private readonly connection: ConnectionOptions) {}

  /** Adds a job per pair, those of a subscriber in their order; pairs that are queued already stay one job. */
  async add(dispatches: readonly Dispatch[]): Promise<void> {
    const bySubscriber = Map.groupBy(dispatches, (dispatch) => dispatch.subscriber);
    await Promise.all([...bySubscriber].map(([subscriber, pairs]) => this.fill(subscriber, pairs)));
  }

  private async fill(subscriber: SubscriberName, pairs: readonly Dispatch[]): Promise<void> {
    const queue = this.open().get(subscriber)!;
    const jobs = pairs.map(({ eventId }) => ({
      name: subscriber,
      data: { eventId },
      opts: { jobId: jobId(subscriber, eventId) },
    }));
    if (jobs.length > FEW) await queue.addBulk(jobs);
    else for (const { name, data, opts } of jobs) await queue.add(name, data, opts);
  }

  /** Jobs waiting, delayed and running, by subscriber. */
  async depths(): Promise<{ subscriber: SubscriberName; depth: number }[]> {
    return Promise.all(
      SUBSCRIBER_NAMES.map(async (subscriber) => {
        const counts = await this.open().get(subscriber)!.getJobCounts('waiting', 'active', 'delayed', 'prioritized');
        return { subscriber, depth: Object.values(counts).reduce((sum, count) => sum + count, 0) };
      }),
    );
  }

  private open(): Map<SubscriberName, Queue> {
    this.queues ??= openQueues(this.connection);
    return this.queues;
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.queues) await Promise.all([...this.queues.values()].map((queue) => queue.close()));
  }
}
