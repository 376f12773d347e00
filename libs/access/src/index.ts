export { AccessModule } from './access.module.js';
export { AccessService, type Bootstrap } from './access.service.js';
export { AccessView, type MemberRow, type TokenRow } from './access.view.js';
export { MembersService } from './members.service.js';
export { newTokenText, TokensService } from './tokens.service.js';
export { AuditChainConsumer } from './audit-chain.js';
export { AUDIT_ENTRY } from './audit-chain.store.js';
export { auditStatement } from './audit-statement.js';
export { AuditView, type AuditFilter, type AuditRow, type StoredCheckpoint } from './audit.view.js';
export { BlobRights, senderOf } from './blob-rights.js';
export { CountedJournal, type Refused } from './counted-journal.js';
export { Authenticator } from './authenticator.js';
export {
  allows,
  authIdOf,
  authorize,
  chainOf,
  createCtx,
  othersOf,
  grantsRole,
  hasRole,
  inChain,
  memberOf,
  reactionCtx,
  readablePaths,
  type Chain,
  type Ctx,
  type Principal,
} from './ctx.js';
export { DeadJobsService } from './dead-jobs.service.js';
export { IdempotencyGuard } from './idempotency-guard.js';
export { Journal, type Change } from './journal.js';
export {
  commonGrants,
  covers,
  PERMISSION_NAMES,
  PERMISSIONS,
  roleAllows,
  ROLES,
  scopeAllows,
  SCOPES,
  type Grant,
  type Permission,
  type Role,
  type Scope,
} from './model/permissions.js';
export { readableSql } from './readable-sql.js';
export { visible } from './visible.js';
export { checkedProject, checkName } from './model/names.js';
