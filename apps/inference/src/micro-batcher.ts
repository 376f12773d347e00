import type { DecodedInputs } from '#engine-onnx';
import { joinKey, joinRows, sliceRows, type Tensors } from './batch-tensors.js';
import { fault } from './faults.js';

const MAX_ROWS = 256;
const MAX_REQUESTS = 64;
/** More than these waiting would only wait in vain; refusing at once is kinder, and bounds the memory. */
const MAX_WAITING = 4096;

export type Run = (feeds: Tensors) => Promise<Tensors>;

interface Job {
  readonly feeds: Tensors;
  readonly rows: number;
  readonly key: string;
  readonly resolve: (tensors: Tensors) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs together what waits together: requests of one tick of the event loop, and those that came while a run was busy. Nobody waits for
 * others to come, so a lone request is as fast as without batching.
 */
export class MicroBatcher {
  private readonly waiting: Job[] = [];
  private busy = false;

  /** `joinable`: each row of the outputs depends on the same row of the inputs only, as far as the signature can tell. */
  constructor(
    private readonly run: Run,
    private joinable: boolean,
  ) {}

  /** Throws OVERLOADED, and what the run throws for these inputs. */
  predict({ feeds, rows }: DecodedInputs): Promise<Tensors> {
    if (this.waiting.length >= MAX_WAITING)
      return Promise.reject(fault('OVERLOADED', 'too many requests are waiting', { 'retry-after': '1' }));
    return new Promise((resolve, reject) => {
      this.waiting.push({ feeds, rows, key: joinKey(feeds), resolve, reject });
      if (this.busy) return;
      this.busy = true;
      setImmediate(() => void this.drain());
    });
  }

  private async drain(): Promise<void> {
    while (this.waiting.length) await this.runBatch(this.take());
    this.busy = false;
  }

  private take(): Job[] {
    let [rows, count] = [this.waiting[0]!.rows, 1];
    while (this.joinable && count < Math.min(this.waiting.length, MAX_REQUESTS)) {
      const job = this.waiting[count]!;
      if (job.key !== this.waiting[0]!.key || rows + job.rows > MAX_ROWS) break;
      rows += job.rows;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async runBatch(jobs: readonly Job[]): Promise<void> {
    const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
    try {
      const feeds = jobs.map((job) => job.feeds);
      const tensors = await this.run(joinRows(feeds, rows));
      if (jobs.length === 1) return jobs[0]!.resolve(tensors);
      // A model may promise rows in its signature and give something else.
      if (Object.values(tensors).some(({ shape }) => shape[0] !== rows)) {
        this.joinable = false;
        return await this.runSingly(jobs);
      }
      split(jobs, tensors);
    } catch (error) {
      if (jobs.length === 1) return jobs[0]!.reject(error);
      // Whoever broke the batch shall fail alone.
      await this.runSingly(jobs);
    }
  }

  private async runSingly(jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) await this.runBatch([job]);
  }
}

function split(jobs: readonly Job[], tensors: Tensors): void {
  let start = 0;
  for (const job of jobs) {
    job.resolve(sliceRows(tensors, start, job.rows));
    start += job.rows;
  }
}
