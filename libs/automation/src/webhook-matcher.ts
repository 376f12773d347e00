import { Inject, Injectable } from '@nestjs/common';
import type { LoggedEvent } from '#contracts';
import type { Tx } from '#database';
import { LogConsumer, LogConsumerHost, Notifier } from '#messaging';
import { DELIVERIES_DUE, DeliveriesStore } from './deliveries.store.js';
import { FACTS_PORT, type FactsPort } from './facts.port.js';
import { NOTICED } from './model/mlflow-notice.js';
import { LINEAGE_TYPES } from './openlineage/lineage-event.js';
import { deliveriesOf } from './webhook-matching.js';
import { WebhooksStore } from './webhooks.store.js';

const oneOf = (types: readonly string[]) => `e.type in (${types.map((type) => `'${type}'`).join()})`;

/** Reads the log and writes down, in the transaction of its cursor, what is to be delivered to whom: no event is lost, and none comes twice. */
@Injectable()
export class WebhookMatcher extends LogConsumer {
  protected readonly consumer = 'webhook-matcher';
  protected override readonly concerns = `exists (select 1 from webhook w where w.workspace_id = e.workspace_id and w.status = 'ACTIVE'
    and case w.form when 'mlflow' then ${oneOf(NOTICED)} when 'openlineage' then ${oneOf(LINEAGE_TYPES)} else true end)`;

  constructor(
    host: LogConsumerHost,
    private readonly webhooks: WebhooksStore,
    private readonly deliveries: DeliveriesStore,
    private readonly notifier: Notifier,
    @Inject(FACTS_PORT) private readonly facts: FactsPort,
  ) {
    super(host);
  }

  protected async apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void> {
    const webhooks = await this.webhooks.activeIn(tx, [...new Set(events.map(({ workspaceId }) => workspaceId))]);
    const rows = await deliveriesOf(webhooks, events, this.facts);
    if (rows.length === 0) return;
    await this.deliveries.insert(tx, rows);
    tx.afterCommit(async () => this.notifier.wake(DELIVERIES_DUE));
  }
}
