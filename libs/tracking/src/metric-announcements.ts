import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { Outbox } from '#messaging';
import { LoggingStore } from './logging.store.js';
import type { Point } from './model/run.js';
import type { RunFacts } from './runs.store.js';

const EVERY_MS = 1000;
const MAX_REMEMBERED = 10_000;

/**
 * Says `run.metrics_logged`, at most once per run and second and with the latest values. What came too soon after one is said by the next, or, when
 * none comes, a second later: the last values of a run that pauses or ends are always said. This process's memory spares most questions to the database.
 */
@Injectable()
export class MetricAnnouncements implements BeforeApplicationShutdown {
  private readonly said = new Map<string, number>();
  private readonly waiting = new Map<string, { readonly timer: NodeJS.Timeout; readonly say: () => Promise<void> }>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: LoggingStore,
    private readonly outbox: Outbox,
  ) {}

  /** Step: points were logged in this transaction. */
  async logged(tx: Tx, ctx: Ctx, run: RunFacts, points: readonly Point[]): Promise<void> {
    const now = performance.now();
    if (now - (this.said.get(run.id) ?? -EVERY_MS) < EVERY_MS) return this.later(ctx, run);
    if (this.said.size > MAX_REMEMBERED) this.said.clear();
    this.said.set(run.id, now);
    if (!(await this.store.mayAnnounceMetrics(tx, run.id))) return this.later(ctx, run);
    this.say(
      tx,
      ctx,
      run,
      points.map(({ key, value }) => [key, value] as const),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    const left = [...this.waiting.values()];
    this.waiting.clear();
    for (const { timer, say } of left) {
      clearTimeout(timer);
      await say();
    }
  }

  private later(ctx: Ctx, run: RunFacts): void {
    if (this.waiting.has(run.id)) return;
    const say = () => this.sayLatest({ ...ctx, guard: undefined }, run).catch(() => undefined);
    const timer = setTimeout(() => {
      this.waiting.delete(run.id);
      void say();
    }, EVERY_MS);
    this.waiting.set(run.id, { timer, say });
  }

  private async sayLatest(ctx: Ctx, run: RunFacts): Promise<void> {
    await this.unitOfWork.run({}, async (tx) => {
      if (await this.store.mayAnnounceMetrics(tx, run.id)) this.say(tx, ctx, run, await this.store.latest(tx, run.num));
    });
  }

  private say(tx: Tx, ctx: Ctx, run: RunFacts, values: readonly (readonly [key: string, value: number])[]): void {
    const metrics = Object.fromEntries(values.filter(([, value]) => Number.isFinite(value)));
    this.outbox.add(tx, ctx, 'run.metrics_logged', `run/${run.id}`, { runId: run.id, metrics });
  }
}
