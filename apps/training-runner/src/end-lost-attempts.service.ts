import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { LOGGER, Periodic } from '#messaging';
import { TrainingReads } from '#reads/training';
import type { Logger } from '#telemetry';
import { LocalExecutor } from './local-executor.js';

/**
 * Ends attempt processes of this runner that lost their job a lease ago and live on, such as one that hangs: each would hold its slot for ever.
 * One that can still hear that it is fenced has ended by itself by then.
 */
@Injectable()
export class EndLostAttemptsService extends Periodic {
  private lost = new Set<string>();

  constructor(
    private readonly executor: LocalExecutor,
    private readonly reads: TrainingReads,
    @Inject(CONFIG) config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(config.training.leaseSeconds * 1000, logger);
  }

  protected async turn(): Promise<void> {
    // Asked in this order, an attempt that starts meanwhile is not taken for lost.
    const live = this.executor.live();
    const current = live.length ? await this.reads.runningOn(this.executor.runner) : [];
    const lost = live.filter(({ jobId, attempt }) => !current.some((job) => job.id === jobId && job.attempt === attempt));
    for (const { jobId, attempt, end } of lost.filter(({ jobId, attempt }) => this.lost.has(`${jobId}-${attempt}`))) {
      this.logger.warn({ jobId, attempt }, 'ends an attempt that lost its job and lives on');
      end();
    }
    this.lost = new Set(lost.map(({ jobId, attempt }) => `${jobId}-${attempt}`));
  }
}
