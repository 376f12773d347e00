import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Ctx } from '#access';
import { sleep, Waker } from '#kernel';
import { Wakeups } from '#messaging';
import { hasEnded, RunSearch } from '#tracking';

/** Shortest time between two frames in milliseconds: at most four a second. */
const FRAME_MS = 250;
const POLL_MS = 2000;

/** One read of what is new: `more` when there is more to read at once. */
export interface Frame<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

/** Follows what is written to a run: NOTIFY wakes, the table is read. Ends when the run has ended and all is read. */
@Injectable()
export class LiveReader implements OnModuleDestroy {
  private readonly open = new Set<Waker>();

  constructor(
    private readonly wakeups: Wakeups,
    private readonly search: RunSearch,
  ) {}

  onModuleDestroy(): void {
    this.open.forEach((waker) => waker.close());
  }

  /** Frames of what `read` finds, each time that `channel` says that the run was written to. */
  async *follow<T>(ctx: Ctx, channel: string, runId: string, read: () => Promise<Frame<T>>): AsyncGenerator<readonly T[]> {
    const waker = new Waker();
    this.open.add(waker);
    const off = this.wakeups.on(channel, (id) => {
      if (id === '' || id === runId) waker.wake();
    });
    try {
      while (!waker.isClosed) {
        waker.reset();
        const ended = await this.hasEnded(ctx, runId);
        const { items, more } = await read();
        if (items.length > 0) yield items;
        if (more) continue;
        if (ended) return;
        await sleep(FRAME_MS);
        await waker.wait(POLL_MS);
      }
    } finally {
      off();
      this.open.delete(waker);
    }
  }

  private async hasEnded(ctx: Ctx, runId: string): Promise<boolean> {
    const run = await this.search.byId(ctx, runId);
    return !run || hasEnded(run.status);
  }
}
