import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EVENT_NAMES, eventType, ROUTES } from '#contracts';
import { select } from '#database';
import type { Logger } from '#telemetry';
import { MESSAGING_OPTIONS, type MessagingOptions } from './messaging.options.js';
import { Periodic } from './periodic.js';
import { Queues, type Dispatch } from './queues.js';
import { LOGGER } from './subscriber.js';

const BATCH = 1000;

/** Every (event type, subscriber) pair of the routes, as two parallel arrays for SQL. */
const PAIRS = EVENT_NAMES.flatMap((name) => ROUTES[name].map((subscriber) => ({ type: eventType(name), subscriber })));

const LOST = `select e.id as "eventId", r.subscriber, e.sequence from event_log e
  join unnest($1::text[], $2::text[]) as r(type, subscriber) on r.type = e.type
  left join inbox i on i.subscriber = r.subscriber and i.event_id = e.id
  where e.sequence > (select swept_through from relay_state where id = 1) and e.sequence <= (select dispatched_through from relay_state where id = 1)
    and e.time < now() - make_interval(secs => $3) and i.event_id is null order by e.sequence limit ${BATCH}`;

/**
 * Puts back what the queue has lost (a whole queue, if need be): every pair of a dispatched event and its subscriber without an inbox row.
 * Adding a job that is still queued changes nothing. Also drops what retention no longer keeps.
 */
@Injectable()
export class Sweeper extends Periodic {
  constructor(
    private readonly dataSource: DataSource,
    private readonly queues: Queues,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(options.sweepSeconds * 1000, logger);
  }

  protected turn(): Promise<number> {
    return this.sweep();
  }

  /** One pass; returns how many pairs were put back. */
  async sweep(): Promise<number> {
    const upper = await this.dispatchedThrough();
    const lost = await select<Dispatch & { sequence: string }>(this.dataSource, LOST, [
      PAIRS.map((pair) => pair.type),
      PAIRS.map((pair) => pair.subscriber),
      this.options.sweepSeconds,
    ]);
    await this.queues.add(lost);
    await select(
      this.dataSource,
      `update relay_state set swept_through = greatest(swept_through, least($1::bigint,
         coalesce((select min(sequence) - 1 from event_log where sequence > relay_state.swept_through and time >= now() - make_interval(secs => $2)), $1)))
       where id = 1`,
      [lost[0] ? String(BigInt(lost[0].sequence) - 1n) : upper, this.options.sweepSeconds],
    );
    await select(this.dataSource, 'select prune_messaging($1)', [this.options.retentionDays]);
    return lost.length;
  }

  private async dispatchedThrough(): Promise<string> {
    const [row] = await select<{ dispatched_through: string }>(
      this.dataSource,
      'select dispatched_through from relay_state where id = 1',
    );
    return row!.dispatched_through;
  }
}
