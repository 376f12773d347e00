import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { errorMessage, sleep } from '#kernel';
import type { Logger } from '#telemetry';

/** Work that is done again and again while the process lives; a turn that fails is logged, and the next one comes all the same. */
export abstract class Periodic implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly everyMs: number,
    protected readonly logger: Logger,
  ) {}

  protected abstract turn(): Promise<unknown>;

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    for (;;) {
      await sleep(this.everyMs, this.stop.signal);
      if (this.stop.signal.aborted) return;
      await this.turn().catch((error: unknown) =>
        this.logger.warn({ work: this.constructor.name, error: errorMessage(error) }, 'will try again'),
      );
    }
  }
}
