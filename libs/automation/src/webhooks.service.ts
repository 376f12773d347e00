import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { Notifier } from '#messaging';
import { DELIVERIES_DUE, DeliveriesStore } from './deliveries.store.js';
import type { AddressRules } from './http/address-rules.js';
import type { Parcel } from './http/send-webhook.js';
import { MLFLOW_EVENTS, mlflowPayload, type MlflowEvent } from './model/mlflow-events.js';
import { checkedEvents, checkWebhookName, checkWebhookTexts } from './model/webhook.js';
import type { WebhookStatus } from './webhooks.entities.js';
import { WebhooksStore, type WebhookFacts } from './webhooks.store.js';

export interface NewWebhook {
  readonly name: string;
  readonly url: string;
  /** As `entity.action`. */
  readonly events: readonly string[];
  readonly description?: string;
  readonly secret?: string;
  readonly status?: WebhookStatus;
}

/** What a patch does not name stays; an empty secret takes it away. */
export type WebhookPatch = Partial<NewWebhook>;

/** Use cases of webhooks. They hear of the whole workspace, so that every one needs the right on all of it. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: WebhooksStore,
    private readonly deliveries: DeliveriesStore,
    private readonly journal: Journal,
    private readonly notifier: Notifier,
  ) {}

  /** `rules` say where webhooks of this installation may go. The name is a label: others may have it too. */
  async create(ctx: Ctx, input: NewWebhook, rules: AddressRules): Promise<{ id: string }> {
    authorize(ctx, 'automation.write', '/');
    checkWebhookName(input.name);
    checkWebhookTexts(input);
    const url = rules.checkedUrl(input.url);
    const events = checkedEvents(input.events);
    const { name, description = '', secret, status = 'ACTIVE' } = input;
    const id = newId('webhook');
    const owner = { workspaceId: ctx.workspaceId, createdBy: ctx.authId };
    return this.unitOfWork.run(ctx, async (tx) => {
      const row = { id, ...owner, name, url: input.url, description, secret: secret || null, events, status };
      await this.store.insert(tx, row);
      await this.journal.record(tx, ctx, {
        event: 'webhook.created',
        subject: { kind: 'webhook', id },
        data: { webhookId: id, name },
        after: { name, to: url.origin, events, status, signed: Boolean(secret) },
      });
      return { id };
    });
  }

  /** Throws NOT_FOUND. */
  async update(ctx: Ctx, id: string, patch: WebhookPatch, rules: AddressRules): Promise<{ id: string }> {
    if (patch.name !== undefined) checkWebhookName(patch.name);
    checkWebhookTexts(patch);
    const url = patch.url === undefined ? undefined : rules.checkedUrl(patch.url);
    const events = patch.events && checkedEvents(patch.events);
    return this.change(ctx, id, async (tx, before) => {
      const { name, description, status } = patch;
      const secret = patch.secret === undefined ? undefined : patch.secret || null;
      await this.store.change(tx, id, { name, url: patch.url, description, events, status, secret });
      if (url || (status === 'ACTIVE' && before.status === 'DISABLED')) await this.resume(tx, id);
      await this.journal.record(tx, ctx, {
        event: 'webhook.updated',
        subject: { kind: 'webhook', id },
        data: { webhookId: id, name: name ?? before.name },
        before: { name: before.name, to: new URL(before.url).origin, events: before.events, status: before.status },
        after: { name, to: url?.origin, events, status, signed: secret === undefined ? undefined : secret !== null },
      });
    });
  }

  /** Also drops what waits for it. Throws NOT_FOUND. */
  async delete(ctx: Ctx, id: string): Promise<{ id: string }> {
    return this.change(ctx, id, async (tx, { name }) => {
      await this.store.delete(tx, id);
      const subject = { kind: 'webhook', id };
      await this.journal.record(tx, ctx, { event: 'webhook.deleted', subject, data: { webhookId: id, name } });
    });
  }

  /**
   * Sends a delivery that failed once more, under its own id and with the same bytes; what fails again is put off as before while its time lasts. Throws
   * NOT_FOUND, and CONFLICT for one that did not fail or whose webhook is off.
   */
  async redeliver(ctx: Ctx, deliveryId: string): Promise<{ id: string }> {
    authorize(ctx, 'automation.write', '/');
    return this.unitOfWork.run(ctx, async (tx) => {
      const webhookId = await this.deliveries.webhookOf(tx, ctx.workspaceId, deliveryId);
      const webhook = webhookId && (await this.store.lock(tx, ctx.workspaceId, webhookId));
      if (!webhook) throw new DomainError('NOT_FOUND', `there is no delivery ${deliveryId}`, 'deliveryId');
      if (webhook.status !== 'ACTIVE')
        throw new DomainError('CONFLICT', `the webhook ${webhook.name} is off; make it ACTIVE first`, 'deliveryId');
      if (!(await this.deliveries.retry(tx, deliveryId)))
        throw new DomainError('CONFLICT', 'only a delivery that FAILED is sent again', 'deliveryId');
      tx.afterCommit(async () => this.notifier.wake(DELIVERIES_DUE));
      await this.journal.record(tx, ctx, {
        event: 'webhook.redelivered',
        subject: { kind: 'webhook', id: webhook.id },
        data: { webhookId: webhook.id, name: webhook.name, deliveryId },
      });
      return { id: deliveryId };
    });
  }

  /** A delivery with made-up data, to be sent at once: of `event`, else of the webhook's first. Throws NOT_FOUND. */
  async example(ctx: Ctx, id: string, event?: MlflowEvent): Promise<Parcel> {
    authorize(ctx, 'automation.write', '/');
    return this.unitOfWork.run({}, async (tx) => {
      const target = await this.store.target(tx, ctx.workspaceId, id);
      if (!target) throw noWebhook(id);
      await this.journal.record(tx, ctx, {
        event: 'webhook.tested',
        subject: { kind: 'webhook', id },
        data: { webhookId: id },
        after: { event: event ?? target.events[0] },
      });
      const said = event ?? target.events[0]!;
      const payload = mlflowPayload(said, ctx.clock.now(), MLFLOW_EVENTS[said]);
      return { id: newId('webhookDelivery'), url: target.url, secret: target.secret, payload };
    });
  }

  /** What waited goes out now, but for what had its time while nobody was to be told. */
  private async resume(tx: Tx, id: string): Promise<void> {
    await this.deliveries.resume(tx, id);
    tx.afterCommit(async () => this.notifier.wake(DELIVERIES_DUE));
  }

  private async change(ctx: Ctx, id: string, work: (tx: Tx, before: WebhookFacts) => Promise<void>): Promise<{ id: string }> {
    authorize(ctx, 'automation.write', '/');
    return this.unitOfWork.run(ctx, async (tx) => {
      const before = await this.store.lock(tx, ctx.workspaceId, id);
      if (!before) throw noWebhook(id);
      await work(tx, before);
      return { id };
    });
  }
}

function noWebhook(id: string): DomainError {
  return new DomainError('NOT_FOUND', `there is no webhook ${id}`, 'webhookId');
}
