import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IdempotencyKeyEntity, MemberEntity, MemberGrantEntity, TokenEntity, WorkspaceEntity } from './access.entities.js';
import { AuditChainEntity, AuditCheckpointEntity, AuditEntity } from './audit.entities.js';
import { AccessService } from './access.service.js';
import { AccessView } from './access.view.js';
import { AuditView } from './audit.view.js';
import { Authenticator } from './authenticator.js';
import { CountedJournal } from './counted-journal.js';
import { DeadJobsService } from './dead-jobs.service.js';
import { Journal } from './journal.js';
import { RepeatCounter } from './repeat-counter.js';

/** Every process needs to know who acts and to write down what was done, so this module is global. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forFeature([
      WorkspaceEntity,
      MemberEntity,
      MemberGrantEntity,
      TokenEntity,
      IdempotencyKeyEntity,
      AuditEntity,
      AuditChainEntity,
      AuditCheckpointEntity,
    ]),
  ],
  providers: [AccessService, AccessView, AuditView, Authenticator, Journal, DeadJobsService, CountedJournal, RepeatCounter],
  exports: [AccessService, AccessView, AuditView, Authenticator, Journal, DeadJobsService, CountedJournal],
})
export class AccessModule {}
