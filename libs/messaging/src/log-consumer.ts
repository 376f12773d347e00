import { Inject, Injectable, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isWellFormed, type LoggedEvent } from '#contracts';
import { select, UnitOfWork, type Tx } from '#database';
import { errorMessage, sleep, Waker } from '#kernel';
import type { Logger } from '#telemetry';
import { toEvent } from './event-log.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './messaging.options.js';
import { LOGGER } from './subscriber.js';
import { Wakeups } from './wakeups.js';

const BATCH = 200;
/** What is passed over is written down once it has been quiet for so long. */
const SETTLE_MS = 200;

const DEAD = `insert into inbox (subscriber, event_id, state, reason) values ($1, $2, 'dead', $3) on conflict do nothing`;
const MOVE = 'update log_cursor set position = greatest(position, $2), updated_at = now() where consumer = $1';

/** The collaborators that every consumer of the log needs. */
@Injectable()
export class LogConsumerHost {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly dataSource: DataSource,
    readonly wakeups: Wakeups,
    @Inject(MESSAGING_OPTIONS) readonly options: MessagingOptions,
    @Inject(LOGGER) readonly logger: Logger,
  ) {}
}

/**
 * Reads the events of the log that concern it in order, in batches; effect and cursor move in one transaction, so that each event has its effect once. Any
 * number of processes may run the same consumer: the cursor's row lock lets one at a time work. Events that do not concern it are passed over without a
 * transaction; the cursor follows a little later, and a process that ended before that passes over them again.
 *
 * A batch that fails is tried until it goes. Only an event whose data do not fit its schema, and which fails by itself too, is dead for this consumer: it
 * is listed with its reason, and those behind it go on.
 */
export abstract class LogConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  protected abstract readonly consumer: string;
  /** SQL over an event `e`: whether this consumer has anything to do about it. A constant of the program. */
  protected readonly concerns: string = 'true';
  /** How long it rests before a batch, out of the way of those that somebody waits for, and so that what comes meanwhile is one transaction. */
  protected readonly restMs: number = 0;
  /** Up to here there is nothing to do, as this process has seen; the cursor stands at `settled` or later. */
  private passed: string | undefined;
  private settled: string | undefined;
  /** So many of the next events are applied by themselves. */
  private alone = 0;
  private readonly waker = new Waker();
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(protected readonly host: LogConsumerHost) {}

  protected abstract apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void>;

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.waker.close();
    this.stop.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const off = this.host.wakeups.on('sequenced', () => this.waker.wake());
    while (!this.waker.isClosed) {
      this.waker.reset();
      try {
        const most = this.most;
        if ((await this.step()) === most) {
          // Also behind a long backlog it leaves room for the others.
          if (this.restMs > 0 && most > 1) await sleep(this.restMs / 2, this.stop.signal);
          continue;
        }
      } catch (error) {
        this.host.logger.warn({ consumer: this.consumer, error: errorMessage(error) }, 'log consumer will try again');
      }
      const behind = this.passed !== this.settled;
      await this.waker.wait(behind ? SETTLE_MS : this.host.options.pollMs * 4);
      if (this.waker.isWoken && this.restMs > 0) await sleep(this.restMs, this.stop.signal);
      else if (behind && !this.waker.isWoken) await this.settle().catch(() => undefined); // It is tried again after the next events.
    }
    off();
  }

  /** One batch; returns how many events it held. */
  async step(): Promise<number> {
    if (!(await this.isDue())) return 0;
    let read: LoggedEvent[] = [];
    const most = this.most;
    try {
      const { through, count } = await this.applyNext(most, (events) => (read = events));
      this.passed = this.settled = through;
      this.alone = Math.max(this.alone - 1, 0);
      return count;
    } catch (error) {
      const odd = read.find((event) => !isWellFormed(event));
      if (odd && most > 1) this.alone = BATCH;
      if (!odd || most > 1) throw error;
      await this.giveUp(odd, error);
      return 1;
    }
  }

  private get most(): number {
    return this.alone > 0 ? 1 : BATCH;
  }

  private async applyNext(most: number, onRead: (events: LoggedEvent[]) => void): Promise<{ through: string; count: number }> {
    return this.host.unitOfWork.run({}, async (tx) => {
      const cursor = await this.cursor(tx);
      const rows = await tx.query<Parameters<typeof toEvent>[0] & { through: string }>(
        `select s.last_sequence as through, e.* from relay_state s left join lateral (
           select * from event_log e where e.sequence > $1 and e.sequence <= s.last_sequence and (${this.concerns}) order by e.sequence limit $2) e on true
          where s.id = 1 order by e.sequence`,
        [cursor, most],
      );
      const events = rows.filter((row) => row.id !== null);
      const known = events.flatMap((row) => toEvent(row) ?? []);
      onRead(known);
      if (events.length > 0) await this.apply(tx, known);
      // A full batch may have more behind it.
      const to = events.length === most ? events.at(-1)!.sequence! : rows[0]!.through;
      tx.atEnd(MOVE, [this.consumer, to]);
      return { through: to, count: events.length };
    });
  }

  private async giveUp(event: LoggedEvent, error: unknown): Promise<void> {
    const { consumer } = this;
    this.host.logger.error({ consumer, eventId: event.id, event: event.name, error: errorMessage(error) }, 'event is dead');
    await this.host.unitOfWork.run({}, async (tx) => {
      await this.cursor(tx);
      await tx.query(DEAD, [consumer, event.id, errorMessage(error).slice(0, 2000)]);
      tx.atEnd(MOVE, [consumer, event.sequence]);
    });
  }

  /** Looks, without a transaction, whether anything came that concerns it. */
  private async isDue(): Promise<boolean> {
    if (this.passed === undefined) return true;
    const [found] = await select<{ last: string; due: boolean }>(
      this.host.dataSource,
      `select s.last_sequence as last, exists (select 1 from event_log e where e.sequence > $1 and e.sequence <= s.last_sequence and (${this.concerns})) as due
         from relay_state s where s.id = 1`,
      [this.passed],
    );
    if (!found!.due) this.passed = found!.last;
    return found!.due;
  }

  private async settle(): Promise<void> {
    const through = this.passed;
    await select(this.host.dataSource, MOVE, [this.consumer, through]);
    this.settled = through;
  }

  /** Where this consumer stands; its row is locked until the end of the transaction. */
  private async cursor(tx: Tx): Promise<string> {
    const read = () =>
      tx.query<{ position: string }>('select position from log_cursor where consumer = $1 for update', [this.consumer]);
    let [row] = await read();
    if (!row) {
      await tx.query('insert into log_cursor (consumer) values ($1) on conflict do nothing', [this.consumer]);
      [row] = await read();
    }
    return row!.position;
  }
}
