import { Inject, Injectable } from '@nestjs/common';
import { createCtx } from '#access';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { LOGGER, Periodic } from '#messaging';
import type { Logger } from '#telemetry';
import { RunsService } from '#tracking';

/** Ends runs whose client promised heartbeats and stopped sending them. */
@Injectable()
export class ReapRunsService extends Periodic {
  private readonly ctx = createCtx('', { kind: 'system', name: 'experiment-tracking' });

  constructor(
    private readonly runs: RunsService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(Math.max(1000, config.training.leaseSeconds * 250), logger);
  }

  protected turn(): Promise<number> {
    const { leaseSeconds, graceSeconds } = this.config.training;
    return this.runs.reapSilent(this.ctx, leaseSeconds + graceSeconds);
  }
}
