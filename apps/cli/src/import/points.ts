import type { Metric, ModelMetric } from '../mlflow/messages.js';
import { inHalves } from '../transfer/halves.js';
import type { ImportContext } from './context.js';

const BATCH = 1000;
/** So many points of one key are refused before the rest of that key is not tried any more. */
const MOST_REFUSALS = 10;

interface Point extends Metric {
  readonly model_id?: string;
  readonly dataset_name?: string;
  readonly dataset_digest?: string;
}

/** Sends the points of a run here, of many keys in one batch. */
export class PointSender {
  private waiting: Point[] = [];
  private readonly refusals = new Map<string, { count: number; reason: string }>();

  constructor(
    private readonly context: ImportContext,
    private readonly from: string,
    private readonly to: string,
  ) {}

  /** Every history of the run, and then what logged models say of it. */
  async send(keys: readonly string[], ofModels: readonly ModelMetric[]): Promise<void> {
    for (const key of keys)
      for await (const page of this.context.source.reader.history(this.from, key))
        await this.add(
          page.map(({ value, timestamp, step }) => ({ key, value, timestamp: Number(timestamp), step: Number(step ?? 0) })),
        );
    await this.add(ofModels);
    await this.flush();
    for (const [key, { count, reason }] of this.refusals) this.context.tally.lost('points', `${this.from}/${key}`, reason, count);
  }

  private async add(points: readonly Point[]): Promise<void> {
    for (const point of points) {
      this.waiting.push(point);
      if (this.waiting.length >= BATCH) await this.flush();
    }
  }

  private async flush(): Promise<void> {
    const points = this.waiting;
    this.waiting = [];
    const { rest } = this.context.target.reader;
    const send = async (metrics: readonly Point[]) => {
      const { open = [], hopeless = [] } = Object.groupBy(metrics, ({ key }) => (this.isHopeless(key) ? 'hopeless' : 'open'));
      for (const { key } of hopeless) this.refusals.get(key)!.count++;
      if (open.length === 0) return;
      await rest.call('POST', 'runs/log-batch', { body: { run_id: this.to, metrics: open } });
      this.context.tally.made('points', open.length);
    };
    await inHalves(points, BATCH, send, ({ key }, error) => {
      const { count = 0 } = this.refusals.get(key) ?? {};
      this.refusals.set(key, { count: count + 1, reason: error.message });
    });
  }

  private isHopeless(key: string): boolean {
    return (this.refusals.get(key)?.count ?? 0) >= MOST_REFUSALS;
  }
}
