import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId, sha256 } from '#kernel';
import { TokenEntity } from './access.entities.js';
import { Authenticator } from './authenticator.js';
import { allows, authorize, memberOf, tokenOf, type Ctx } from './ctx.js';
import { Journal } from './journal.js';
import { SCOPES, type Scope } from './model/permissions.js';
import { checkOperator } from './operator.js';
import { TokensStore } from './tokens.store.js';

export interface NewToken {
  /** Null: the caller's own, or for the scope `node` nobody's. */
  readonly memberId: string | null;
  readonly name: string;
  readonly scope: string;
  /** Absent: it does not expire, or when the caller's own does. */
  readonly ttlDays?: number | null;
}

const DAY_MS = 86_400_000;

/** What members sign in with. */
@Injectable()
export class TokensService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TokensStore,
    private readonly journal: Journal,
    private readonly authenticator: Authenticator,
  ) {}

  /**
   * Makes a token; its text is answered once and never kept. An admin makes them for anybody; a member for itself, and none that outlives the one it came
   * by. Throws BAD_INPUT, FORBIDDEN, NOT_FOUND, CONFLICT for a member who was removed.
   */
  async create(ctx: Ctx, input: NewToken): Promise<{ id: string; text: string }> {
    const scope = SCOPES.find((known) => known === input.scope);
    if (!scope) throw new DomainError('BAD_INPUT', `scope must be one of ${SCOPES.join(', ')}`, 'scope');
    if (scope === 'node' && input.memberId !== null)
      throw new DomainError('BAD_INPUT', 'a token of scope node belongs to no member', 'memberId');
    const memberId = scope === 'node' ? null : (input.memberId ?? memberOf(ctx));
    if (scope !== 'node' && !memberId) throw new DomainError('BAD_INPUT', 'say whose token it is', 'memberId');
    const ofOther = memberId === null || memberId !== memberOf(ctx);
    authorize(ctx, ofOther ? 'access.write' : 'self.write');
    return this.unitOfWork.run({}, async (tx) => {
      // A node serves every workspace, so its token opens the models of all.
      if (scope === 'node') await checkOperator(tx, ctx, 'make tokens of scope node');
      if (memberId) await this.checkMember(tx, ctx, memberId);
      const expiresAt = await this.expiry(tx, ctx, input.ttlDays ?? null, allows(ctx, 'access.write'));
      return this.add(tx, ctx, { memberId, name: input.name, scope, expiresAt });
    });
  }

  /** An admin takes any token away, a member one of its own. Throws NOT_FOUND. */
  async revoke(ctx: Ctx, tokenId: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const mine = allows(ctx, 'access.write') ? null : memberOf(ctx);
      if (!(await this.store.revoke(tx, ctx.workspaceId, tokenId, mine)))
        throw new DomainError('NOT_FOUND', `there is no token ${tokenId}${mine ? ' of yours' : ''}`, 'tokenId');
      await this.journal.record(tx, ctx, { event: 'token.deleted', subject: { kind: 'token', id: tokenId }, data: { tokenId } });
      tx.afterCommit(async () => this.authenticator.changed());
    });
  }

  /** Step: a token, whoever may have it. */
  async add(
    tx: Tx,
    ctx: Ctx,
    input: { memberId: string | null; name: string; scope: Scope; expiresAt: Date | null },
  ): Promise<{ id: string; text: string }> {
    const id = newId('token');
    const text = newTokenText('trl');
    await tx.em.insert(TokenEntity, { id, workspaceId: ctx.workspaceId, hash: sha256(text), ...input });
    await this.journal.record(tx, ctx, {
      event: 'token.created',
      subject: { kind: 'token', id },
      data: { tokenId: id, memberId: input.memberId, scope: input.scope },
    });
    return { id, text };
  }

  private async checkMember(tx: Tx, ctx: Ctx, memberId: string): Promise<void> {
    const member = await this.store.member(tx, ctx.workspaceId, memberId);
    if (!member) throw new DomainError('NOT_FOUND', `there is no member ${memberId}`, 'memberId');
    if (member.removedAt) throw new DomainError('CONFLICT', `${member.name} was removed; grant a role first`, 'memberId');
  }

  /** Who is no admin makes no token that outlives the one in use: a borrowed hour would be for ever. */
  private async expiry(tx: Tx, ctx: Ctx, ttlDays: number | null, isAdmin: boolean): Promise<Date | null> {
    const wanted = ttlDays === null ? null : new Date(ctx.clock.now().getTime() + ttlDays * DAY_MS);
    const tokenId = tokenOf(ctx);
    const limit = isAdmin || !tokenId ? null : await this.store.expiryOf(tx, tokenId);
    if (!limit) return wanted;
    if (wanted && wanted > limit)
      throw new DomainError(
        'BAD_INPUT',
        `your own token expires on ${limit.toISOString()}; a new one may not outlive it`,
        'ttlDays',
      );
    return wanted ?? limit;
  }
}

/** Text of a new token: a prefix that secret scanners can know, and 256 random bits. */
export function newTokenText(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}
