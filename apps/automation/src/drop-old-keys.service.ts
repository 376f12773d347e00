import { Inject, Injectable } from '@nestjs/common';
import { AccessService } from '#access';
import { LOGGER, Periodic } from '#messaging';
import type { Logger } from '#telemetry';

const EVERY_MS = 15 * 60_000;

/** Retention of idempotency keys: one that has run out stands for nothing any more. */
@Injectable()
export class DropOldKeysService extends Periodic {
  constructor(
    private readonly access: AccessService,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(EVERY_MS, logger);
  }

  protected turn(): Promise<number> {
    return this.access.dropOldKeys();
  }
}
