import { Module } from '@nestjs/common';
import { ACTION_PORT, TriggerMatcher } from '#automation';
import { LineageConsumer } from '#lineage';
import { RelayModule } from '#messaging';
import { ActProcessor } from './act.processor.js';
import { DomainActions } from './domain-actions.js';
import { DropOldKeysService } from './drop-old-keys.service.js';
import { QueueMetrics } from './queue-metrics.js';

/** The relay, and the readers of the whole log: triggers and lineage. */
@Module({
  imports: [RelayModule],
  providers: [
    TriggerMatcher,
    LineageConsumer,
    ActProcessor,
    QueueMetrics,
    DropOldKeysService,
    { provide: ACTION_PORT, useClass: DomainActions },
  ],
})
export class AutomationRole {}
