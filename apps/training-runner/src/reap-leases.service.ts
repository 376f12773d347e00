import { Inject, Injectable } from '@nestjs/common';
import { createCtx } from '#access';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { LOGGER, Periodic } from '#messaging';
import type { Logger } from '#telemetry';
import { JobsService } from '#training';

/** Takes back leases of attempts that stopped sending heartbeats, whichever runner had started them. */
@Injectable()
export class ReapLeasesService extends Periodic {
  private readonly ctx = createCtx('', { kind: 'system', name: 'training-runner' });

  constructor(
    private readonly jobs: JobsService,
    @Inject(CONFIG) config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(Math.max(250, Math.min(10_000, config.training.leaseSeconds * 250)), logger);
  }

  protected turn(): Promise<number> {
    return this.jobs.reapExpired(this.ctx);
  }
}
