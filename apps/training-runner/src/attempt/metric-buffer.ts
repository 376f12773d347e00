import type { MetricPoint } from '#contracts';

const FLUSH_MS = 250;
/** The protocol takes 10 000 points a call. */
const BATCH = 5000;
/** With more points waiting, the training waits too: they are neither lost nor do they fill the memory. */
const MAX_WAITING = 20_000;

/**
 * Points of a curve on their way to the platform, in order, at most one call at a time and about four calls a second. A failed send keeps its
 * points; the failure is thrown by the next add or flush.
 */
export class MetricBuffer {
  private waiting: MetricPoint[] = [];
  private sending: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly send: (points: readonly MetricPoint[]) => Promise<void>) {}

  async add(points: readonly MetricPoint[]): Promise<void> {
    this.throwFailure();
    this.waiting.push(...points);
    if (this.waiting.length > MAX_WAITING) return this.flush();
    this.timer ??= setTimeout(() => void this.drain().catch((error: unknown) => (this.failure ??= { error })), FLUSH_MS);
  }

  /** Resolves when every point added so far has arrived. */
  async flush(): Promise<void> {
    this.throwFailure();
    await this.drain();
  }

  /** Sends what has not arrived by another way than the usual one, which was cut off. */
  async rescue(send: (points: readonly MetricPoint[]) => Promise<void>): Promise<void> {
    this.close();
    await this.sending?.catch(() => {});
    for (let start = 0; start < this.waiting.length; start += BATCH) await send(this.waiting.slice(start, start + BATCH));
    this.waiting = [];
  }

  /** Forgets the timer; what still waits stays unsent. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async drain(): Promise<void> {
    this.close();
    // A second caller waits for the call under way and then sends the rest, if the first has not.
    while (this.waiting.length > 0) await (this.sending ??= this.sendBatch().finally(() => (this.sending = undefined)));
  }

  private async sendBatch(): Promise<void> {
    const batch = this.waiting.slice(0, BATCH);
    await this.send(batch);
    this.waiting.splice(0, batch.length);
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }
}
