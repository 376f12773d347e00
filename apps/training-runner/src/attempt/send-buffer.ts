const FLUSH_MS = 250;
/** With more waiting, the training waits too: they are neither lost nor do they fill the memory. */
const MAX_WAITING = 20_000;

/**
 * Points of a curve, or lines of a log, on their way to the platform, in order, at most one call at a time and about four calls a second. A failed
 * send keeps what it had; the failure is thrown by the next add or flush.
 */
export class SendBuffer<T> {
  private waiting: T[] = [];
  private sending: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failure: { readonly error: unknown } | undefined;

  /** `batch`: the most that one call takes. */
  constructor(
    private readonly batch: number,
    private readonly send: (items: readonly T[]) => Promise<void>,
  ) {}

  async add(items: readonly T[]): Promise<void> {
    this.throwFailure();
    this.waiting.push(...items);
    if (this.waiting.length > MAX_WAITING) return this.flush();
    this.timer ??= setTimeout(() => void this.drain().catch((error: unknown) => (this.failure ??= { error })), FLUSH_MS);
  }

  /** Resolves when everything added so far has arrived. */
  async flush(): Promise<void> {
    this.throwFailure();
    await this.drain();
  }

  /** Sends what has not arrived by another way than the usual one, which was cut off. */
  async rescue(send: (items: readonly T[]) => Promise<void>): Promise<void> {
    this.close();
    await this.sending?.catch(() => {});
    for (let start = 0; start < this.waiting.length; start += this.batch)
      await send(this.waiting.slice(start, start + this.batch));
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
    const batch = this.waiting.slice(0, this.batch);
    await this.send(batch);
    this.waiting.splice(0, batch.length);
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }
}
