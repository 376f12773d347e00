import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { queueName, SUBSCRIBERS, type EventName, type LoggedEvent, type SubscriberName } from '#contracts';
import { errorMessage, isDomainError } from '#kernel';
import { Metrics, type Logger } from '#telemetry';
import { EventLog } from './event-log.js';
import { Inbox, InboxGuard } from './inbox.js';

export const LOGGER = Symbol('Logger');

/** What a processor gets: the event, and the guard that it hands to the use case of its effect (as `ctx.guard`). */
export interface Delivery<N extends EventName = EventName> {
  readonly event: LoggedEvent<N>;
  readonly guard: InboxGuard;
}

/** How soon a worker asks the queue again after a broken connection; BullMQ's own 15 s would hold up every event after each restart of the database. */
const RETRY_MS = 1000;

/** Marks the processor of one subscriber; its queue settings come from the catalogue. */
export function Subscriber(name: SubscriberName): ClassDecorator {
  const { concurrency, lockMs } = SUBSCRIBERS[name];
  const processor = Processor(queueName(name), {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: lockMs / 3,
    maxStalledCount: 1,
    runRetryDelay: RETRY_MS,
  });
  return (target) => {
    Injectable()(target);
    processor(target as never);
    Reflect.defineMetadata(SUBSCRIBER_METADATA, name, target);
  };
}

export const SUBSCRIBER_METADATA = 'tailrace:subscriber';

/** The collaborators that every processor needs. */
@Injectable()
export class SubscriberHost {
  constructor(
    readonly log: EventLog,
    readonly inbox: Inbox,
    readonly metrics: Metrics,
    @Inject(LOGGER) readonly logger: Logger,
  ) {}
}

/**
 * One delivery of one event to one subscriber. A pair that is settled is dropped; a handler that had no effect of its own to record is
 * recorded when it returns; the last failure leaves the pair `dead` with its reason.
 */
export abstract class SubscriberProcessor<N extends EventName> extends WorkerHost {
  protected abstract readonly subscriber: SubscriberName;

  constructor(protected readonly host: SubscriberHost) {
    super();
  }

  protected abstract handle(delivery: Delivery<N>): Promise<void>;

  /** Called when a delivery has failed for the last time, before it is dead: whoever waits for the effect learns that it does not come. */
  protected async gaveUp(_event: LoggedEvent<N>, _reason: string): Promise<void> {
    // Nobody waits.
  }

  async process(job: Job<unknown>): Promise<void> {
    const started = performance.now();
    let outcome = 'failed';
    try {
      const eventId = eventIdIn(job);
      outcome = eventId === undefined ? this.dropped(job) : await this.deliver(eventId);
    } finally {
      this.host.metrics.jobSeconds.record((performance.now() - started) / 1000, { subscriber: this.subscriber, outcome });
    }
  }

  /** It is only a wake-up: whatever it was meant to name has a row, and the sweeper finds that. */
  private dropped({ id }: Job<unknown>): string {
    this.host.logger.warn({ subscriber: this.subscriber, jobId: id }, 'a message that names no event is dropped');
    return 'malformed';
  }

  private async deliver(eventId: string): Promise<string> {
    const { log, inbox, metrics } = this.host;
    const found = await log.findFor(this.subscriber, eventId);
    if (!found) return 'expired';
    if (found.settled) return 'duplicate';
    const { event } = found;
    const guard = new InboxGuard(this.subscriber, eventId);
    await this.handle({ event: event as LoggedEvent<N>, guard }).catch((error: unknown) => {
      this.logFailure(event, error);
      throw error;
    });
    this.host.logger.debug({ subscriber: this.subscriber, eventId, correlationId: event.correlationId }, 'delivered');
    if (!guard.settled) await inbox.markDone(this.subscriber, eventId);
    metrics.eventLagSeconds.record((Date.now() - event.time.getTime()) / 1000, { subscriber: this.subscriber });
    return 'done';
  }

  private logFailure(event: LoggedEvent, error: unknown): void {
    const stack = isDomainError(error) || !(error instanceof Error) ? undefined : error.stack;
    const fields = {
      subscriber: this.subscriber,
      eventId: event.id,
      correlationId: event.correlationId,
      error: errorMessage(error),
      stack,
    };
    this.host.logger.warn(fields, 'delivery failed');
  }

  @OnWorkerEvent('failed')
  async onFailed(job: Job<unknown> | undefined, error: Error): Promise<void> {
    const eventId = job && eventIdIn(job);
    if (!job || eventId === undefined) return;
    const final = job.attemptsMade >= (job.opts.attempts ?? 1) || error.message.includes('stalled');
    if (!final) return;
    this.host.logger.error(
      { subscriber: this.subscriber, eventId, attempts: job.attemptsMade, error: error.message },
      'job is dead',
    );
    await this.tellGivenUp(eventId, errorMessage(error));
    await this.host.inbox.markDead(this.subscriber, eventId, errorMessage(error));
  }

  private async tellGivenUp(eventId: string, reason: string): Promise<void> {
    const found = await this.host.log.findFor(this.subscriber, eventId);
    if (!found || found.settled) return;
    await this.gaveUp(found.event as LoggedEvent<N>, reason).catch((error: unknown) => this.logFailure(found.event, error));
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.host.logger.debug({ subscriber: this.subscriber, error: error.message }, 'queue connection');
  }
}

/** The event that a job names; undefined for what the relay would not have written. */
function eventIdIn({ data }: Job<unknown>): string | undefined {
  const eventId = (data as { eventId?: unknown } | null | undefined)?.eventId;
  return typeof eventId === 'string' ? eventId : undefined;
}
