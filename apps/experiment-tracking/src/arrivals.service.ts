import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, Periodic } from '#messaging';
import type { Logger } from '#telemetry';
import { DirectArtifacts } from '#tracking';

const EVERY_MS = 10_000;

/** Makes artifacts of what clients put into the object store by a presigned URL, which they do not announce. */
@Injectable()
export class ArrivalsService extends Periodic {
  constructor(
    private readonly artifacts: DirectArtifacts,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(EVERY_MS, logger);
  }

  turn(): Promise<void> {
    return this.artifacts.settle();
  }
}
