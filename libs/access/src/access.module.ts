import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  AuditEntity,
  IdempotencyKeyEntity,
  MemberEntity,
  MemberGrantEntity,
  TokenEntity,
  WorkspaceEntity,
} from './access.entities.js';
import { AccessService } from './access.service.js';
import { AccessView } from './access.view.js';
import { Authenticator } from './authenticator.js';
import { Journal } from './journal.js';

/** Every process needs to know who acts and to write down what was done, so this module is global. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forFeature([WorkspaceEntity, MemberEntity, MemberGrantEntity, TokenEntity, AuditEntity, IdempotencyKeyEntity]),
  ],
  providers: [AccessService, AccessView, Authenticator, Journal],
  exports: [AccessService, AccessView, Authenticator, Journal],
})
export class AccessModule {}
