import { Injectable } from '@nestjs/common';
import { SUBSCRIBER_NAMES } from '#contracts';
import { UnitOfWork } from '#database';
import { DomainError } from '#kernel';
import { Inbox } from '#messaging';
import type { Ctx } from './ctx.js';
import { Journal } from './journal.js';

/** Deliveries of events that failed for the last time. */
@Injectable()
export class DeadJobsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly inbox: Inbox,
    private readonly journal: Journal,
  ) {}

  /** Has one delivered anew, within the time of a sweep. Throws NOT_FOUND when it is not dead, and for a reader of the log, which does not go back. */
  async replay(ctx: Ctx, subscriber: string, eventId: string): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      if (!SUBSCRIBER_NAMES.some((name) => name === subscriber))
        throw new DomainError(
          'NOT_FOUND',
          'only what a queue delivers is delivered anew: readers of the log do not go back',
          'subscriber',
        );
      if (!(await this.inbox.replayIn(tx, ctx.workspaceId, subscriber, eventId)))
        throw new DomainError('NOT_FOUND', 'there is no such dead job', 'eventId');
      const subject = { kind: 'event', id: eventId };
      await this.journal.record(tx, ctx, { event: 'delivery.replayed', subject, data: { subscriber, eventId } });
      return { id: eventId };
    });
  }
}
