import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import { TrackingView, type CurvePoint } from '#tracking';
import { LiveReader } from './live-reader.js';

const LIMIT = 1000;
/** Points that come so many steps late are still shown: asynchronous clients send out of order. */
const LATE_STEPS = 500;

/** A run's points as they come. */
@Injectable()
export class LiveCurves {
  constructor(
    private readonly view: TrackingView,
    private readonly reader: LiveReader,
  ) {}

  /** Points after a step, each once; where a step is read anew, only what was not shown before. */
  follow(ctx: Ctx, runId: string, afterStep: number): AsyncGenerator<readonly CurvePoint[]> {
    let after = afterStep;
    const shown = new Map<string, number>();
    return this.reader.follow(ctx, 'run_metrics', runId, async () => {
      const from = Math.max(afterStep, after - LATE_STEPS);
      const read = await this.view.curve(ctx, runId, null, from, LIMIT * 2);
      const whole = read.length === LIMIT * 2 ? wholeSteps(read) : read;
      const items = whole.filter((point) => !shown.has(markOf(point)));
      after = Math.max(after, whole.at(-1)?.step ?? after);
      for (const point of items) shown.set(markOf(point), point.step);
      for (const [mark, step] of shown) if (step <= after - LATE_STEPS) shown.delete(mark);
      return { items, more: read.length === LIMIT * 2 && items.length > 0 };
    });
  }
}

const markOf = ({ key, step, value, timestamp }: CurvePoint): string => `${step} ${timestamp} ${value} ${key}`;

/** A page that was cut may end within a step: that step is left for the next page. */
function wholeSteps(points: CurvePoint[]): CurvePoint[] {
  const last = points.at(-1)!.step;
  const whole = points.filter((point) => point.step < last);
  return whole.length > 0 ? whole : points;
}
