import { Inject, Injectable } from '@nestjs/common';
import { DeliveriesService } from '#automation';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { LOGGER, Periodic } from '#messaging';
import type { Logger } from '#telemetry';

const EVERY_MS = 15 * 60_000;

/** Retention of webhook deliveries: those that ended are kept as long as the events that they told of. */
@Injectable()
export class DropOldDeliveriesService extends Periodic {
  constructor(
    private readonly deliveries: DeliveriesService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(EVERY_MS, logger);
  }

  protected turn(): Promise<number> {
    return this.deliveries.dropOld(this.config.messaging.retentionDays);
  }
}
