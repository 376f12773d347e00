import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Ctx } from '#access';
import { sleep, Waker } from '#kernel';
import { Wakeups } from '#messaging';
import { hasEnded, RunSearch, TrackingView, type CurvePoint } from '#tracking';

/** Shortest time between two frames in milliseconds: at most four a second. */
const FRAME_MS = 250;
const POLL_MS = 2000;
const LIMIT = 1000;

/** Follows a run's points: NOTIFY wakes, the points are read from the table after the last step seen. */
@Injectable()
export class LiveCurves implements OnModuleDestroy {
  private readonly open = new Set<Waker>();

  constructor(
    private readonly view: TrackingView,
    private readonly search: RunSearch,
    private readonly wakeups: Wakeups,
  ) {}

  onModuleDestroy(): void {
    this.open.forEach((waker) => waker.close());
  }

  async *follow(ctx: Ctx, runId: string, afterStep: number): AsyncGenerator<CurvePoint[]> {
    const waker = new Waker();
    this.open.add(waker);
    const off = this.wakeups.on('run_metrics', (id) => {
      if (id === '' || id === runId) waker.wake();
    });
    try {
      for (let after = afterStep; !waker.isClosed;) {
        waker.reset();
        const ended = await this.hasEnded(ctx, runId);
        const read = await this.view.curve(ctx, runId, null, after, LIMIT);
        const points = read.length === LIMIT ? wholeSteps(read) : read;
        if (points.length > 0) {
          after = points.at(-1)!.step;
          yield points;
        }
        if (read.length === LIMIT) continue;
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

/** A page that was cut may end within a step: that step is left for the next page. */
function wholeSteps(points: CurvePoint[]): CurvePoint[] {
  const last = points.at(-1)!.step;
  const whole = points.filter((point) => point.step < last);
  return whole.length > 0 ? whole : points;
}
