import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { createCtx } from '#access';
import type { Config } from '#config';
import { ApiAddress, CONFIG, Drain } from '#host';
import { errorMessage, sleep, Waker } from '#kernel';
import { LOGGER } from '#messaging';
import { TrainingReads } from '#reads/training';
import type { Logger } from '#telemetry';
import { JobsService, type ClaimedJob } from '#training';
import { LocalExecutor, type AttemptEnd } from './local-executor.js';

/** Exit codes of an attempt process. */
const REPORTED = 0;
const FENCED = 3;
const TERMINATED = 143;
/** How long stopping attempts may take to keep a last checkpoint. */
const STOP_GRACE_MS = 8000;

/** Takes queued jobs while slots are free, starts one attempt process each, and watches them. */
@Injectable()
export class RunnerService implements OnApplicationBootstrap {
  private readonly ctx = createCtx('', { kind: 'system', name: 'training-runner' });
  private readonly stop = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private readonly waker = new Waker();
  private loop: Promise<void> | undefined;

  constructor(
    private readonly jobs: JobsService,
    private readonly reads: TrainingReads,
    private readonly executor: LocalExecutor,
    private readonly api: ApiAddress,
    private readonly drain: Drain,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.takeJobs();
    this.drain.add(() => this.end());
  }

  /** A job may be waiting. */
  wake(): void {
    this.waker.wake();
  }

  /** Attempts are told to stop, and keep a last checkpoint; their jobs go back to the queue. */
  private async end(): Promise<void> {
    this.stop.abort();
    this.waker.close();
    await this.executor.stopAll(STOP_GRACE_MS);
    await Promise.all([this.loop, ...this.running]);
  }

  private async takeJobs(): Promise<void> {
    await this.retrying(() => this.recover());
    while (!this.stop.signal.aborted) {
      this.waker.reset();
      const took = await this.takeOne().catch((error: unknown) =>
        this.logger.warn({ error: errorMessage(error) }, 'could not claim a job'),
      );
      if (!took) await this.waker.wait(this.config.messaging.pollMs * 4);
    }
  }

  /** What an earlier process of this home left: its attempts are ended, and their jobs go on from their checkpoints. */
  private async recover(): Promise<void> {
    await this.executor.stopOrphans();
    for (const { id, attempt } of await this.reads.runningOn(this.executor.runner))
      await this.jobs.attemptLost(this.ctx, id, attempt, { reason: 'the runner was restarted', retry: true });
  }

  private async takeOne(): Promise<boolean> {
    const apiUrl = this.api.url;
    if (!apiUrl || this.running.size >= this.config.training.slots) return false;
    const job = await this.jobs.claimNext(this.ctx, this.executor.runner);
    if (!job) return false;
    const attempt = this.runAttempt(job, apiUrl).finally(() => {
      this.running.delete(attempt);
      this.wake();
    });
    this.running.add(attempt);
    return true;
  }

  private async runAttempt(job: ClaimedJob, apiUrl: string): Promise<void> {
    const end = await this.executor
      .run(job, apiUrl)
      .catch((error: unknown): AttemptEnd => ({ code: 1, signal: null, lastLines: errorMessage(error) }));
    this.logger.info({ jobId: job.jobId, attempt: job.attempt, code: end.code, signal: end.signal }, 'attempt ended');
    if (end.code === REPORTED || end.code === FENCED) return;
    const interrupted = this.stop.signal.aborted && end.code === TERMINATED;
    const failure = { reason: interrupted ? 'the runner was stopped' : reasonOf(end), retry: true, interrupted };
    await this.retrying(() => this.jobs.attemptLost(this.ctx, job.jobId, job.attempt, failure));
  }

  /** Until it succeeds or the process stops: what is not told now is found when the lease runs out. */
  private async retrying(work: () => Promise<unknown>): Promise<void> {
    for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
      try {
        return void (await work());
      } catch (error) {
        this.logger.warn({ error: errorMessage(error) }, 'will try again');
        if (this.stop.signal.aborted) return;
        await sleep(wait, this.stop.signal);
      }
    }
  }
}

function reasonOf(end: AttemptEnd): string {
  const how = end.signal ? `was ended by ${end.signal}` : `ended with exit code ${end.code}`;
  return `the attempt process ${how}${end.lastLines ? `: ${end.lastLines.trim().split('\n').slice(-5).join(' | ')}` : ''}`.slice(
    0,
    1500,
  );
}
