import { Inject, Injectable, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { EVENT_NAMES, eventName, eventType, ROUTES } from '#contracts';
import { errorMessage, sleep, Waker } from '#kernel';
import type { Logger } from '#telemetry';
import { MESSAGING_OPTIONS, type MessagingOptions } from './messaging.options.js';
import { Queues, type Dispatch } from './queues.js';
import { LOGGER } from './subscriber.js';
import { Wakeups } from './wakeups.js';

const RELAY_LOCK = 7_411_002;
const BATCH = 500;

/** Types that some subscriber gets a job for. */
const ROUTED = EVENT_NAMES.filter((name) => ROUTES[name].length > 0).map(eventType);

/**
 * Numbers the next rows and wakes the readers. Where no subscriber waits for any of them, and nothing earlier waits, they are dispatched with that.
 */
const NUMBER = `with last as (select last_sequence, dispatched_through from relay_state where id = 1 for update),
  pending as (select pos, row_number() over (order by pos) as n from (select pos from event_log where sequence is null order by pos limit ${BATCH}) p),
  numbered as (update event_log e set sequence = last.last_sequence + pending.n from pending, last where e.pos = pending.pos
    returning e.id, e.type, e.sequence),
  moved as (update relay_state r set last_sequence = (select max(sequence) from numbered),
      dispatched_through = case when last.dispatched_through = last.last_sequence and not exists (select 1 from numbered where type = any($1))
        then (select max(sequence) from numbered) else r.dispatched_through end
     from last where r.id = 1 and exists (select 1 from numbered))
  select id, type, sequence, case when row_number() over (order by sequence) = 1 then pg_notify('sequenced', '')::text end from numbered order by sequence`;

/** When rounds come this close, each waits a little, so that one round numbers what came meanwhile: throughput is worth more than the wait then. */
const BUSY_ROUNDS = 8;
const BUSY_MS = 80;
const PAUSE_MS = 15;

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
      await this.dispatchDue(client);
      const rounds: number[] = [];
      while (!this.stop.signal.aborted) {
        this.waker.reset();
        const numbered = await this.number(client);
        if (numbered > 0 && isBusy(rounds)) await sleep(PAUSE_MS, this.stop.signal);
        else if (numbered < BATCH) await this.waker.wait(this.options.pollMs);
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

  /** Numbers and dispatches a batch; answers how many events it held. */
  private async number(client: pg.Client): Promise<number> {
    const { rows } = await client.query<Due>({ name: 'relay-number', text: NUMBER, values: [ROUTED] });
    if (rows.some((row) => ROUTED.includes(row.type))) await this.dispatch(client, rows);
    return rows.length;
  }

  /** What an earlier term numbered and did not get to dispatch. */
  private async dispatchDue(client: pg.Client): Promise<void> {
    for (;;) {
      const { rows } = await client.query<Due>({ name: 'relay-due', text: DUE });
      if (rows.length > 0) await this.dispatch(client, rows);
      if (rows.length < BATCH) return;
    }
  }

  private async dispatch(client: pg.Client, rows: readonly Due[]): Promise<void> {
    await this.queues.add(rows.flatMap((row) => dispatchesOf(row.id, row.type)));
    await client.query({
      name: 'relay-moved',
      text: 'update relay_state set dispatched_through = $1 where id = 1',
      values: [rows.at(-1)!.sequence],
    });
  }
}

interface Due {
  readonly id: string;
  readonly type: string;
  readonly sequence: string;
}

/** Remembers a round; true when the last ones came close together. */
function isBusy(rounds: number[]): boolean {
  rounds.push(performance.now());
  if (rounds.length > BUSY_ROUNDS) rounds.shift();
  return rounds.length === BUSY_ROUNDS && rounds.at(-1)! - rounds[0]! < BUSY_MS;
}

/** The jobs that an event makes. */
export function dispatchesOf(eventId: string, type: string): Dispatch[] {
  const name = eventName(type);
  return name ? ROUTES[name].map((subscriber) => ({ subscriber, eventId })) : [];
}
