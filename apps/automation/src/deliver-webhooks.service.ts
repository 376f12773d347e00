import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DELIVERIES_DUE, DeliveriesService, GuardedClient, ParcelsService, sendWebhook, type ClaimedDelivery } from '#automation';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { errorMessage, Waker } from '#kernel';
import { LOGGER, Wakeups } from '#messaging';
import type { Logger } from '#telemetry';

/** More than may be sent to receivers that answer, since those that hang stay for their time. */
const AT_A_TIME = 128;
/** What is under way when the process is to end may end by itself for so long. */
const GRACE_MS = 3000;

/** Sends what the matcher wrote down. Any number of processes may run it: what is under way is counted in the database. */
@Injectable()
export class DeliverWebhooksService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly waker = new Waker();
  private readonly stop = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private running: Promise<void> | undefined;

  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly parcels: ParcelsService,
    private readonly client: GuardedClient,
    private readonly wakeups: Wakeups,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.waker.close();
    await this.running;
    const timer = setTimeout(() => this.stop.abort(), GRACE_MS);
    await Promise.all(this.underWay);
    clearTimeout(timer);
  }

  private async run(): Promise<void> {
    const off = this.wakeups.on(DELIVERIES_DUE, () => this.waker.wake());
    while (!this.waker.isClosed) {
      this.waker.reset();
      // A retry is due at a time that nobody says aloud, so that this also looks unasked.
      if ((await this.startDue()) === 0) await this.waker.wait(this.config.messaging.pollMs * 2);
    }
    off();
  }

  /** Starts what is due and has room; answers how many. */
  private async startDue(): Promise<number> {
    const room = AT_A_TIME - this.underWay.size;
    if (room === 0) return 0;
    const claimed = await this.deliveries.claim(room).catch((error: unknown) => {
      this.logger.warn({ error: errorMessage(error) }, 'webhooks will try again');
      return [];
    });
    for (const delivery of claimed) this.start(delivery);
    return claimed.length;
  }

  private start(delivery: ClaimedDelivery): void {
    const work = this.deliver(delivery)
      // Unsettled, it is sent again when its lease ends.
      .catch((error: unknown) =>
        this.logger.warn({ delivery: delivery.id, error: errorMessage(error) }, 'outcome is not written down'),
      )
      .finally(() => {
        this.underWay.delete(work);
        this.waker.wake();
      });
    this.underWay.add(work);
  }

  private async deliver(delivery: ClaimedDelivery): Promise<void> {
    const parcel = await this.parcels.of(delivery, this.config.http.publicUrl);
    if ('lost' in parcel) return this.deliveries.lost(delivery, parcel.lost);
    const outcome = await sendWebhook(this.client, parcel, this.stop.signal);
    if (outcome.status === null && this.stop.signal.aborted) await this.deliveries.release(delivery);
    else await this.deliveries.settle(delivery, outcome);
  }
}
