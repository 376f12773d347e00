import { Inject } from '@nestjs/common';
import { Authenticator, commonGrants, createCtx, IdempotencyGuard, reactionCtx, type Ctx } from '#access';
import { ACTION_PORT, causeOf, ExecutionsService, type ActionPort, type FiredTrigger } from '#automation';
import type { LoggedEvent } from '#contracts';
import { isDomainError, sha256 } from '#kernel';
import { Subscriber, SubscriberHost, SubscriberProcessor, type Delivery } from '#messaging';
import { OutsideFailure } from './outside-failure.js';

/** Carries out what a trigger fired, with its owner's rights, once per execution. */
@Subscriber('automation.act')
export class ActProcessor extends SubscriberProcessor<'trigger.fired'> {
  protected readonly subscriber = 'automation.act';

  constructor(
    host: SubscriberHost,
    private readonly executions: ExecutionsService,
    private readonly authenticator: Authenticator,
    @Inject(ACTION_PORT) private readonly actions: ActionPort,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'trigger.fired'>): Promise<void> {
    const ctx = reactionCtx(event, 'automation', guard);
    const found = await this.executions.fired(ctx, event.data.executionId);
    if (!found) return;
    const fired = await this.withCause(found);
    if (!fired)
      return this.executions.settle(ctx, found, { state: 'FAILED', reason: 'the log does not hold its event any more' });
    if (fired.trigger.deletedAt)
      return this.executions.settle(ctx, fired, { state: 'SKIPPED', reason: 'deleted: the trigger is gone' });
    await this.act(ctx, event, fired);
  }

  private async act(ctx: Ctx, event: LoggedEvent, fired: FiredTrigger): Promise<void> {
    try {
      const { outcome, startedId } = await this.actions.run(await this.actingCtx(event, fired), fired);
      if (startedId === undefined) return await this.executions.settle(ctx, fired, { state: 'COMPLETED', outcome });
      await this.executions.settle(ctx, fired, { state: 'RUNNING', outcome, startedId });
      await this.endNow(fired, startedId);
    } catch (error) {
      const reason = finalReason(error);
      // What the use case refuses it would refuse again; anything else may pass and is tried again.
      if (reason === undefined) throw error;
      await this.executions.settle(ctx, fired, { state: 'FAILED', reason });
    }
  }

  /** What it started may have ended before it was written down that it goes on. */
  private async endNow({ execution }: FiredTrigger, startedId: string): Promise<void> {
    const end = await this.actions.endOf(execution.workspaceId, startedId);
    if (end) await this.executions.ended(startedId, end);
  }

  /** Executions of before inputs were kept have their event in the log. */
  private async withCause(fired: FiredTrigger): Promise<FiredTrigger | undefined> {
    if (fired.execution.cause) return fired;
    const event = await this.host.log.find(fired.execution.eventId);
    return event && { ...fired, execution: { ...fired.execution, cause: causeOf(event) } };
  }

  /**
   * The trigger acts with the rights that its owner and all who have a hand in it have now: nobody lends or borrows what is not his own. The execution's key
   * keeps a redelivery from acting twice.
   */
  private async actingCtx(event: LoggedEvent, { trigger, execution }: FiredTrigger): Promise<Ctx> {
    const { ownerId, updatedBy, secretBy } = trigger;
    const others = without(ownerId, updatedBy, secretBy, execution.requestedBy);
    let grants = await this.authenticator.grantsOf(ownerId);
    for (const member of others) grants = commonGrants(grants, await this.authenticator.grantsOf(member));
    return createCtx(
      trigger.workspaceId,
      { kind: 'trigger', triggerId: trigger.id, memberId: ownerId, others, grants },
      {
        correlationId: event.correlationId,
        causationId: event.id,
        hops: event.hops + 1,
        guard: new IdempotencyGuard(trigger.workspaceId, trigger.id, execution.id, sha256(execution.id)),
      },
    );
  }
}

/** Each of the members once, but for one. */
function without(one: string, ...members: readonly (string | null)[]): string[] {
  return [...new Set(members.filter((member): member is string => member !== null && member !== one))];
}

/** Why it failed for good; undefined while another try may help. */
function finalReason(error: unknown): string | undefined {
  if (error instanceof OutsideFailure) return error.mayPass ? undefined : error.message;
  return isDomainError(error) && error.code !== 'STORAGE_UNAVAILABLE' ? `${error.code}: ${error.message}` : undefined;
}
