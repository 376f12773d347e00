import { isDomainError } from '#kernel';

export interface Beat {
  readonly epoch?: number;
  readonly line?: string;
}

/**
 * Tells the platform in its rhythm that the attempt lives. A beat that does not get through is left out; the lease outlives some. Ends by
 * itself when the attempt is fenced.
 */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private running = Promise.resolve();

  constructor(
    private readonly send: (beat: Beat) => Promise<{ cancel: boolean }>,
    private readonly state: () => Beat,
    private readonly on: { cancel(): void; fenced(error: unknown): void },
  ) {}

  start(everyMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.beat().then(() => {
        if (!this.stopped) this.start(everyMs);
      });
    }, everyMs);
  }

  /** Resolves when no beat is under way any more, so that none arrives after the finish. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async beat(): Promise<void> {
    try {
      const { cancel } = await this.send(this.state());
      if (cancel && !this.stopped) this.on.cancel();
    } catch (error) {
      if (!isDomainError(error) || error.code !== 'STALE_ATTEMPT' || this.stopped) return;
      this.stopped = true;
      this.on.fenced(error);
    }
  }
}
