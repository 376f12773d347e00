import { Inject, Injectable } from '@nestjs/common';
import { ACTION_PORT, ExecutionsService, SchedulesService, type ActionPort } from '#automation';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { LOGGER, Periodic } from '#messaging';
import type { Logger } from '#telemetry';

/** What goes on for so long is asked after: its end, or its failure, may have gone by unseen. */
const ASK_AFTER_SECONDS = 5;
const ASK_EVERY_MS = 5000;

/** What triggers do because of the time: schedules that are due, what waited for a cooldown, ends that nobody told. Any number of processes may run it. */
@Injectable()
export class TriggerTimer extends Periodic {
  private askedAt = 0;

  constructor(
    private readonly schedules: SchedulesService,
    private readonly executions: ExecutionsService,
    @Inject(ACTION_PORT) private readonly actions: ActionPort,
    @Inject(CONFIG) config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(config.messaging.pollMs, logger);
  }

  protected async turn(): Promise<void> {
    await this.schedules.fireDue();
    await this.executions.releaseDue();
    if (performance.now() - this.askedAt < ASK_EVERY_MS) return;
    this.askedAt = performance.now();
    await this.askAfter();
  }

  private async askAfter(): Promise<void> {
    await this.executions.endDead(ASK_AFTER_SECONDS);
    for (const { workspaceId, startedId } of await this.executions.runningFor(ASK_AFTER_SECONDS)) {
      const end = await this.actions.endOf(workspaceId, startedId);
      if (end) await this.executions.ended(startedId, end);
    }
  }
}
