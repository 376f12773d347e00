import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { createCtx } from '#access';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { errorMessage, sleep } from '#kernel';
import { LOGGER } from '#messaging';
import type { Logger } from '#telemetry';
import { TrackingService } from '#tracking';

/** Ends runs whose client promised heartbeats and stopped sending them. */
@Injectable()
export class ReapRunsService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly tracking: TrackingService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { leaseSeconds, graceSeconds } = this.config.training;
    const ctx = createCtx('', { kind: 'system', name: 'experiment-tracking' });
    while (!this.stop.signal.aborted) {
      await sleep(Math.max(1000, leaseSeconds * 250), this.stop.signal);
      if (!this.stop.signal.aborted)
        await this.tracking
          .reapSilent(ctx, leaseSeconds + graceSeconds)
          .catch((error: unknown) => this.logger.warn({ error: errorMessage(error) }, 'could not reap runs'));
    }
  }
}
