import { Inject, Injectable, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { eventName, ROUTES } from '#contracts';
import { errorMessage, sleep, Waker } from '#kernel';
import type { Logger } from '#telemetry';
import { MESSAGING_OPTIONS, type MessagingOptions } from './messaging.options.js';
import { Queues, type Dispatch } from './queues.js';
import { LOGGER } from './subscriber.js';
import { Wakeups } from './wakeups.js';

const RELAY_LOCK = 7_411_002;
const BATCH = 500;

const NUMBER = `with last as (select last_sequence from relay_state where id = 1 for update),
  pending as (select pos, row_number() over (order by pos) as n from (select pos from event_log where sequence is null order by pos limit ${BATCH}) p),
  numbered as (update event_log e set sequence = last.last_sequence + pending.n from pending, last where e.pos = pending.pos returning e.sequence)
  update relay_state set last_sequence = (select max(sequence) from numbered) where id = 1 and exists (select 1 from numbered) returning last_sequence`;

const DUE = `select id, type, sequence from event_log
  where sequence > (select dispatched_through from relay_state where id = 1) order by sequence limit ${BATCH}`;

/**
 * The one publisher. Elected by an advisory lock and working on the connection that holds it, it numbers new rows in commit order, fills the
 * queues, and then moves its cursor; after a crash it fills again from the cursor, which job ids and the inbox make harmless.
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private readonly waker = new Waker();
  private running: Promise<void> | undefined;

  constructor(
    private readonly queues: Queues,
    private readonly wakeups: Wakeups,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    this.waker.close();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      await this.term().catch((error) => this.logger.warn({ error: errorMessage(error) }, 'relay lost its connection'));
      await sleep(500, this.stop.signal);
    }
  }

  /** One term of office: from winning the lock to losing the connection or being stopped. */
  private async term(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.options.databaseUrl,
      application_name: `tailrace-${this.options.service}-relay`,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    const off = this.wakeups.on('outbox', () => this.waker.wake());
    try {
      await client.connect();
      if (!(await this.elected(client))) return;
      await this.dispatch(client);
      while (!this.stop.signal.aborted) {
        this.waker.reset();
        if (await this.number(client)) await this.dispatch(client);
        else await this.waker.wait(this.options.pollMs);
      }
    } finally {
      off();
      await client.end().catch(() => undefined);
    }
  }

  private async elected(client: pg.Client): Promise<boolean> {
    while (!this.stop.signal.aborted) {
      const { rows } = await client.query('select pg_try_advisory_lock($1) as won', [RELAY_LOCK]);
      if (rows[0].won) return true;
      await sleep(1000, this.stop.signal);
    }
    return false;
  }

  private async number(client: pg.Client): Promise<boolean> {
    const { rowCount } = await client.query({ name: 'relay-number', text: NUMBER });
    if (rowCount) await client.query('notify sequenced');
    return Boolean(rowCount);
  }

  private async dispatch(client: pg.Client): Promise<void> {
    for (;;) {
      const { rows } = await client.query<{ id: string; type: string; sequence: string }>({ name: 'relay-due', text: DUE });
      if (rows.length === 0) return;
      await this.queues.add(rows.flatMap((row) => dispatchesOf(row.id, row.type)));
      await client.query({
        name: 'relay-moved',
        text: 'update relay_state set dispatched_through = $1 where id = 1',
        values: [rows.at(-1)!.sequence],
      });
      if (rows.length < BATCH) return;
    }
  }
}

/** The jobs that an event makes. */
export function dispatchesOf(eventId: string, type: string): Dispatch[] {
  const name = eventName(type);
  return name ? ROUTES[name].map((subscriber) => ({ subscriber, eventId })) : [];
}
