import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { createCtx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DeliveriesStore } from './deliveries.store.js';
import { DeliveryClaimsStore, type ClaimedDelivery } from './delivery-claims.store.js';
import { GIVE_UP_SECONDS, isDelivered, isGone, waitAfter, type Outcome } from './model/delivery.js';
import { WebhooksStore } from './webhooks.store.js';

/** Deliveries that ended are asked after for as long as others may still be tried. */
const LEAST_DAYS = Math.ceil(GIVE_UP_SECONDS / 86_400) + 1;

/**
 * The life of deliveries: claimed by compare-and-set under a lease, sent outside any transaction, settled. A worker that dies leaves its lease to run
 * out, so that a delivery is sent at least once, by the same id each time.
 */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DeliveriesStore,
    private readonly claims: DeliveryClaimsStore,
    private readonly webhooks: WebhooksStore,
    private readonly journal: Journal,
  ) {}

  /** Takes up to `room` due deliveries; fewer when as many as may be are under way. */
  claim(room: number): Promise<ClaimedDelivery[]> {
    return this.unitOfWork.run({}, (tx) => this.claims.claim(tx, room, randomUUID()));
  }

  /** Ends a delivery of which nothing can be sent any more; changes nothing when the lease was lost. */
  async lost(claimed: ClaimedDelivery, error: string): Promise<void> {
    const outcome = { status: null, body: null, error };
    await this.unitOfWork.run({}, async (tx) => void (await this.store.finish(tx, claimed, 'FAILED', outcome)));
  }

  /** Writes down what came of a try; changes nothing when the lease was lost. */
  async settle(claimed: ClaimedDelivery, outcome: Outcome): Promise<void> {
    await this.unitOfWork.run({}, async (tx) => {
      if (isDelivered(outcome)) {
        await this.claims.noteHealth(tx, claimed, true);
        await this.store.finish(tx, claimed, 'DELIVERED', outcome);
        return;
      }
      // The webhook before its deliveries, which is the order of those who change it.
      const webhook = await this.webhooks.lock(tx, claimed.workspaceId, claimed.webhookId);
      await this.claims.noteHealth(tx, claimed, false);
      const reason = webhook && (await this.failed(tx, claimed, outcome));
      if (reason) await this.disable(tx, claimed, webhook.name, reason);
    });
  }

  /** Gives a delivery back unsent. */
  async release(claimed: ClaimedDelivery): Promise<void> {
    await this.unitOfWork.run({}, (tx) => this.claims.release(tx, claimed));
  }

  dropOld(days: number): Promise<number> {
    return this.unitOfWork.run({}, (tx) => this.store.dropOld(tx, Math.max(days, LEAST_DAYS)));
  }

  /** Why the webhook is to be turned off, if it is. */
  private async failed(tx: Tx, claimed: ClaimedDelivery, outcome: Outcome): Promise<string | undefined> {
    if (isGone(outcome))
      return (await this.store.finish(tx, claimed, 'FAILED', outcome))
        ? 'the receiver answered 410: it is gone for good'
        : undefined;
    const wait = Math.max(waitAfter(claimed.attempts + 1), outcome.retryAfter ?? 0);
    const fate = await this.store.putOff(tx, claimed, outcome, wait);
    if (!fate?.failed || (await this.store.reachedSince(tx, claimed.webhookId, fate.triedSince))) return undefined;
    return `nothing has reached the receiver for ${GIVE_UP_SECONDS / 86_400} days; at last: ${outcome.error}`;
  }

  private async disable(tx: Tx, { webhookId, workspaceId }: ClaimedDelivery, name: string, reason: string): Promise<void> {
    if (!(await this.webhooks.disable(tx, webhookId))) return;
    const ctx = createCtx(workspaceId, { kind: 'system', name: 'webhooks' });
    await this.journal.record(tx, ctx, {
      event: 'webhook.disabled',
      subject: { kind: 'webhook', id: webhookId },
      data: { webhookId, name, reason },
      reason,
    });
  }
}
