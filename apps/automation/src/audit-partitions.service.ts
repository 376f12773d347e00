import { Inject, Injectable } from '@nestjs/common';
import { AuditView } from '#access';
import { LOGGER, Periodic } from '#messaging';
import type { Logger } from '#telemetry';

const EVERY_MS = 6 * 60 * 60_000;

/** Keeps partitions of the audit ready for the months to come, so that retention can drop whole ones. */
@Injectable()
export class AuditPartitionsService extends Periodic {
  constructor(
    private readonly audit: AuditView,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(EVERY_MS, logger);
  }

  override onApplicationBootstrap(): void {
    super.onApplicationBootstrap();
    // A platform that is started once a day would never come to its first turn.
    void this.turn().catch(() => undefined);
  }

  protected turn(): Promise<number> {
    return this.audit.preparePartitions();
  }
}
