import { Inject, Injectable } from '@nestjs/common';
import { ExecutionsService } from '#automation';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { LOGGER, Periodic } from '#messaging';
import type { Logger } from '#telemetry';

const EVERY_MS = 15 * 60_000;

/** Retention of executions: those that ended are kept as long as the events that fired them. */
@Injectable()
export class DropOldExecutionsService extends Periodic {
  constructor(
    private readonly executions: ExecutionsService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(EVERY_MS, logger);
  }

  protected turn(): Promise<number> {
    return this.executions.dropOld(this.config.messaging.retentionDays);
  }
}
