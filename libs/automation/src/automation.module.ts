import { Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ExecutionEntity, MetricWindowEntity, TriggerEntity, TriggerSecretEntity } from './automation.entities.js';
import { ActionTargets } from './action-targets.js';
import { AutomationView } from './automation.view.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveriesStore } from './deliveries.store.js';
import { DeliveryClaimsStore } from './delivery-claims.store.js';
import { DeliveriesView } from './deliveries.view.js';
import { DryRunService } from './dry-run.service.js';
import { ExecutionsService } from './executions.service.js';
import { ExecutionsStore } from './executions.store.js';
import { IncomingService } from './incoming.service.js';
import { LineageBodies } from './openlineage/lineage-bodies.js';
import { MetricWindowsStore } from './metric-windows.store.js';
import { ParcelsService } from './parcels.service.js';
import { ReplaysService, ReplayStores } from './replays.service.js';
import { ReplaysStore } from './replays.store.js';
import { SchedulesService } from './schedules.service.js';
import { TriggerGate } from './trigger-gate.js';
import { TriggersService } from './triggers.service.js';
import { TriggersStore } from './triggers.store.js';
import { WebhookAttemptEntity, WebhookDeliveryEntity, WebhookEntity, WebhookReplayEntity } from './webhooks.entities.js';
import { WebhooksService } from './webhooks.service.js';
import { WebhooksStore } from './webhooks.store.js';
import { WebhooksView } from './webhooks.view.js';

const TRIGGERS = [TriggersService, ExecutionsService, SchedulesService, IncomingService, DryRunService, AutomationView];
const WEBHOOKS = [WebhooksService, WebhooksView, DeliveriesService, ParcelsService, DeliveriesView, ReplaysService];
/** For the matchers, which only the automation app starts. */
const STORES = [WebhooksStore, DeliveriesStore, DeliveryClaimsStore, TriggersStore, MetricWindowsStore, TriggerGate];
const ENTITIES = [
  TriggerEntity,
  TriggerSecretEntity,
  ExecutionEntity,
  MetricWindowEntity,
  WebhookEntity,
  WebhookDeliveryEntity,
  WebhookAttemptEntity,
  WebhookReplayEntity,
];

@Module({})
export class AutomationModule {
  /** `ports` provide FACTS_PORT, TARGETS_PORT and LINEAGE_FACTS_PORT; `imports` bring what they need. */
  static register(imports: (Type | DynamicModule)[], ports: readonly Provider[]): DynamicModule {
    const shared = [...TRIGGERS, ...WEBHOOKS, ...STORES, ...ports];
    return {
      module: AutomationModule,
      imports: [...imports, TypeOrmModule.forFeature(ENTITIES)],
      providers: [ActionTargets, ExecutionsStore, ReplaysStore, ReplayStores, LineageBodies, ...shared],
      exports: shared,
    };
  }
}
