/**
 * Lets a loop sleep until it is woken, and not miss a wake-up that came while it worked. Lighter than an abort signal per wait, which a loop
 * that waits a hundred times a second would pay for.
 */
export class Waker {
  private woken = false;
  private closed = false;
  private resolve: (() => void) | undefined;

  get isClosed(): boolean {
    return this.closed;
  }

  get isWoken(): boolean {
    return this.woken;
  }

  wake(): void {
    this.woken = true;
    this.resolve?.();
  }

  /** Wakes for good: every later wait returns at once. */
  close(): void {
    this.closed = true;
    this.resolve?.();
  }

  /** Forgets wake-ups so far: call it before looking for work, so that one that comes meanwhile is not lost. */
  reset(): void {
    this.woken = false;
  }

  /** Resolves when woken since the last reset, when closed, or after `ms`. */
  wait(ms: number): Promise<void> {
    if (this.woken || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.resolve = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.resolve = done;
    });
  }
}
