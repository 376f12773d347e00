import { Inject } from '@nestjs/common';
import { Authenticator, createCtx, IdempotencyGuard, reactionCtx, type Ctx } from '#access';
import { ACTION_PORT, TriggersService, type ActionPort, type FiredTrigger } from '#automation';
import type { LoggedEvent } from '#contracts';
import { isDomainError, sha256 } from '#kernel';
import { EventLog, Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';

/** Carries out what a trigger fired, with its owner's rights, once per execution. */
@Subscriber('automation.act')
export class ActProcessor extends SubscriberProcessor<'trigger.fired'> {
  protected readonly subscriber = 'automation.act';

  constructor(
    host: SubscriberHost,
    private readonly triggers: TriggersService,
    private readonly authenticator: Authenticator,
    private readonly log: EventLog,
    @Inject(ACTION_PORT) private readonly actions: ActionPort,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'trigger.fired'>): Promise<void> {
    const ctx = reactionCtx(event, 'automation', guard);
    const fired = await this.triggers.fired(ctx, event.data.executionId);
    const cause = await this.log.find(event.data.eventId);
    if (!fired || !cause) return;
    try {
      const outcome = await this.actions.run(await this.actingCtx(event, fired), fired.trigger.action, cause);
      await this.triggers.settle(ctx, fired, 'COMPLETED', { outcome });
    } catch (error) {
      // What the use case refuses it would refuse again; anything else may pass and is tried again.
      if (!isDomainError(error) || error.code === 'STORAGE_UNAVAILABLE') throw error;
      await this.triggers.settle(ctx, fired, 'FAILED', { reason: `${error.code}: ${error.message}` });
    }
  }

  /** The trigger acts with the rights that its owner has now; the execution's key keeps a redelivery from acting twice. */
  private async actingCtx(event: LoggedEvent, { trigger, execution }: FiredTrigger): Promise<Ctx> {
    const grants = await this.authenticator.grantsOf(trigger.ownerId);
    return createCtx(
      trigger.workspaceId,
      { kind: 'trigger', triggerId: trigger.id, memberId: trigger.ownerId, grants },
      {
        correlationId: event.correlationId,
        causationId: event.id,
        hops: event.hops + 1,
        guard: new IdempotencyGuard(trigger.workspaceId, trigger.id, execution.id, sha256(execution.id)),
      },
    );
  }
}
