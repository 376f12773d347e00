import { Module } from '@nestjs/common';
import { AuditChainConsumer } from '#access';
import { ACTION_PORT, GuardedClient, TriggerMatcher, WebhookMatcher } from '#automation';
import type { Config } from '#config';
import { CONFIG } from '#host';
import { LineageConsumer } from '#lineage';
import { RelayModule } from '#messaging';
import { ActProcessor } from './act.processor.js';
import { AuditPartitionsService } from './audit-partitions.service.js';
import { DeliverWebhooksService } from './deliver-webhooks.service.js';
import { DomainActions } from './domain-actions.js';
import { DropOldDeliveriesService } from './drop-old-deliveries.service.js';
import { DropOldExecutionsService } from './drop-old-executions.service.js';
import { DropOldKeysService } from './drop-old-keys.service.js';
import { OutsideActions } from './outside-actions.js';
import { QueueMetrics } from './queue-metrics.js';
import { TriggerTimer } from './trigger-timer.service.js';

/** The relay, the readers of the whole log (triggers, webhooks, lineage, the audit's chain), schedules, and the delivery of webhooks. */
@Module({
  imports: [RelayModule],
  providers: [
    TriggerMatcher,
    WebhookMatcher,
    LineageConsumer,
    AuditChainConsumer,
    AuditPartitionsService,
    TriggerTimer,
    ActProcessor,
    OutsideActions,
    QueueMetrics,
    DropOldKeysService,
    DropOldDeliveriesService,
    DropOldExecutionsService,
    DeliverWebhooksService,
    { provide: ACTION_PORT, useClass: DomainActions },
    { provide: GuardedClient, useFactory: (config: Config) => new GuardedClient(config.webhooks.allow), inject: [CONFIG] },
  ],
})
export class AutomationRole {}
