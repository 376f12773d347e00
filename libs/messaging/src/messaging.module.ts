import { BullModule } from '@nestjs/bullmq';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { ConnectionOptions } from 'bullmq';
import { UnitOfWork } from '#database';
import { SubscriberProof } from './boot-proof.js';
import { bullConnection } from './bull.js';
import { EventLog } from './event-log.js';
import { Inbox } from './inbox.js';
import { LogConsumerHost } from './log-consumer.js';
import { EventLogEntity, InboxEntity, LogCursorEntity, RelayStateEntity } from './messaging.entities.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './messaging.options.js';
import { Notifier } from './notifier.js';
import { Outbox } from './outbox.js';
import { BULL_CONNECTION, Queues } from './queues.js';
import { Relay } from './relay.js';
import { SubscriberHost } from './subscriber.js';
import { Sweeper } from './sweeper.js';
import { Wakeups } from './wakeups.js';
import { WorkerDrain } from './worker-drain.js';

const SHARED = [Notifier, Outbox, EventLog, Inbox, Wakeups, SubscriberHost, LogConsumerHost, UnitOfWork];

/** Events for every process: saying them, reading them, and the connection of its queues. `workers` is how many processors it may hold. */
@Global()
@Module({})
export class MessagingModule {
  static register(options: MessagingOptions, workers: number): DynamicModule {
    let connection: ConnectionOptions | undefined;
    const shared = () => (connection ??= bullConnection(options, workers));
    return {
      module: MessagingModule,
      imports: [
        DiscoveryModule,
        TypeOrmModule.forFeature([EventLogEntity, RelayStateEntity, LogCursorEntity, InboxEntity]),
        BullModule.forRootAsync({ useFactory: () => ({ connection: shared() }) }),
        // No queue by name: this is what makes the processors' workers start.
        BullModule.registerQueue(),
      ],
      providers: [
        { provide: MESSAGING_OPTIONS, useValue: options },
        { provide: BULL_CONNECTION, useFactory: shared },
        SubscriberProof,
        WorkerDrain,
        ...SHARED,
      ],
      exports: [MESSAGING_OPTIONS, BULL_CONNECTION, ...SHARED],
    };
  }
}

/** The publisher's side; belongs to the automation app. */
@Module({ providers: [Queues, Relay, Sweeper], exports: [Queues, Sweeper] })
export class RelayModule {}
