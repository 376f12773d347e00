import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ExecutionEntity, TriggerEntity } from './automation.entities.js';
import { AutomationView } from './automation.view.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveriesStore } from './deliveries.store.js';
import { DeliveriesView } from './deliveries.view.js';
import { TriggersService } from './triggers.service.js';
import { WebhookDeliveryEntity, WebhookEntity } from './webhooks.entities.js';
import { WebhooksService } from './webhooks.service.js';
import { WebhooksStore } from './webhooks.store.js';
import { WebhooksView } from './webhooks.view.js';

const USE_CASES = [TriggersService, AutomationView, WebhooksService, WebhooksView, DeliveriesService, DeliveriesView];
/** For the matcher, which only the automation app starts. */
const STORES = [WebhooksStore, DeliveriesStore];

@Module({
  imports: [TypeOrmModule.forFeature([TriggerEntity, ExecutionEntity, WebhookEntity, WebhookDeliveryEntity])],
  providers: [...USE_CASES, ...STORES],
  exports: [...USE_CASES, ...STORES],
})
export class AutomationModule {}
