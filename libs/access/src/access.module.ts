import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IdempotencyKeyEntity, MemberEntity, MemberGrantEntity, TokenEntity, WorkspaceEntity } from './access.entities.js';
import { AuditChainEntity, AuditCheckpointEntity, AuditEntity } from './audit.entities.js';
import { AccessService } from './access.service.js';
import { AccessView } from './access.view.js';
import { AuditView } from './audit.view.js';
import { BlobRights } from './blob-rights.js';
import { Authenticator } from './authenticator.js';
import { CountedJournal } from './counted-journal.js';
import { DeadJobsService } from './dead-jobs.service.js';
import { Journal } from './journal.js';
import { MembersService } from './members.service.js';
import { MembersStore } from './members.store.js';
import { RepeatCounter } from './repeat-counter.js';
import { TokensService } from './tokens.service.js';
import { TokensStore } from './tokens.store.js';

const STORES = [MembersStore, TokensStore];
const SERVICES = [
  AccessService,
  MembersService,
  TokensService,
  AccessView,
  AuditView,
  Authenticator,
  BlobRights,
  Journal,
  DeadJobsService,
  CountedJournal,
];

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
  providers: [...STORES, ...SERVICES, RepeatCounter],
  exports: SERVICES,
})
export class AccessModule {}
