import { Injectable } from '@nestjs/common';
import type { LoggedEvent } from '#contracts';
import type { Tx } from '#database';
import { newId } from '#kernel';
import { LogConsumer, LogConsumerHost, Notifier } from '#messaging';
import { DELIVERIES_DUE, DeliveriesStore, type NewDelivery } from './deliveries.store.js';
import { mlflowPayload, splitEvent } from './model/mlflow-events.js';
import { NOTICED, noticeOf, type MlflowNotice } from './model/mlflow-notice.js';
import { WebhooksStore } from './webhooks.store.js';

/** Reads what the log says of the registry and writes down, in the transaction of its cursor, what is to be delivered to whom: no event is lost, and none comes twice. */
@Injectable()
export class WebhookMatcher extends LogConsumer {
  protected readonly consumer = 'webhook-matcher';
  protected override readonly concerns = `e.type in (${NOTICED.map((type) => `'${type}'`).join()})
    and exists (select 1 from webhook w where w.workspace_id = e.workspace_id and w.status = 'ACTIVE')`;

  constructor(
    host: LogConsumerHost,
    private readonly webhooks: WebhooksStore,
    private readonly deliveries: DeliveriesStore,
    private readonly notifier: Notifier,
  ) {
    super(host);
  }

  protected async apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void> {
    const notices = events.flatMap((event) => {
      const notice = noticeOf(event);
      return notice ? [{ event, notice }] : [];
    });
    if (notices.length === 0) return;
    const webhooks = await this.webhooks.activeIn(tx, [...new Set(notices.map(({ event }) => event.workspaceId))]);
    const rows = notices.flatMap(({ event, notice }) =>
      webhooks
        .filter((webhook) => webhook.workspaceId === event.workspaceId && event.time >= webhook.createdAt)
        .filter((webhook) => webhook.events.includes(notice.event))
        .map((webhook) => delivery(webhook.id, event, notice)),
    );
    if (rows.length === 0) return;
    await this.deliveries.insert(tx, rows);
    tx.afterCommit(async () => this.notifier.wake(DELIVERIES_DUE));
  }
}

function delivery(webhookId: string, event: LoggedEvent, notice: MlflowNotice): NewDelivery {
  const payload = mlflowPayload(notice.event, event.time, notice.data);
  return { id: newId('webhookDelivery'), webhookId, eventId: event.id, ...splitEvent(notice.event), payload };
}
