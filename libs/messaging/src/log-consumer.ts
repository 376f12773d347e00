import { Inject, Injectable, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import type { LoggedEvent } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { errorMessage, Waker } from '#kernel';
import type { Logger } from '#telemetry';
import { toEvent } from './event-log.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './messaging.options.js';
import { LOGGER } from './subscriber.js';
import { Wakeups } from './wakeups.js';

const BATCH = 200;

/** The collaborators that every consumer of the log needs. */
@Injectable()
export class LogConsumerHost {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly wakeups: Wakeups,
    @Inject(MESSAGING_OPTIONS) readonly options: MessagingOptions,
    @Inject(LOGGER) readonly logger: Logger,
  ) {}
}

/**
 * Reads every event of the log in order, in batches; effect and cursor move in one transaction, so that each event has its effect once. Any
 * number of processes may run the same consumer: the cursor's row lock lets one at a time work.
 */
export abstract class LogConsumer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  protected abstract readonly consumer: string;
  private readonly waker = new Waker();
  private running: Promise<void> | undefined;

  constructor(protected readonly host: LogConsumerHost) {}

  protected abstract apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void>;

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.waker.close();
    await this.running;
  }

  private async run(): Promise<void> {
    const off = this.host.wakeups.on('sequenced', () => this.waker.wake());
    while (!this.waker.isClosed) {
      this.waker.reset();
      try {
        if ((await this.step()) === BATCH) continue;
      } catch (error) {
        this.host.logger.warn({ consumer: this.consumer, error: errorMessage(error) }, 'log consumer will try again');
      }
      await this.waker.wait(this.host.options.pollMs * 4);
    }
    off();
  }

  /** One batch; returns how many events it held. */
  async step(): Promise<number> {
    return this.host.unitOfWork.run({}, async (tx) => {
      const cursor = await this.cursor(tx);
      const rows = await tx.query<Parameters<typeof toEvent>[0]>(
        'select * from event_log where sequence > $1 order by sequence limit $2',
        [cursor, BATCH],
      );
      if (rows.length === 0) return 0;
      await this.apply(
        tx,
        rows.flatMap((row) => toEvent(row) ?? []),
      );
      tx.atEnd('update log_cursor set position = $2, updated_at = now() where consumer = $1', [
        this.consumer,
        rows.at(-1)!.sequence,
      ]);
      return rows.length;
    });
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
