import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId, sha256 } from '#kernel';
import { MemberEntity, MemberGrantEntity, TokenEntity, WorkspaceEntity } from './access.entities.js';
import { Authenticator } from './authenticator.js';
import { createCtx, type Ctx } from './ctx.js';
import { IDEMPOTENCY_HOURS } from './idempotency-guard.js';
import { Journal } from './journal.js';
import { checkedProject, checkName } from './model/names.js';
import { ROLES, SCOPES, type Role, type Scope } from './model/permissions.js';

export interface Bootstrap {
  readonly workspaceId: string;
  /** Texts of the tokens that were made now; they are shown once. */
  readonly adminToken?: string;
}

/** Workspaces, members and their tokens. */
@Injectable()
export class AccessService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly journal: Journal,
    private readonly authenticator: Authenticator,
  ) {}

  /** Makes the workspace `default` with the member `admin` on the first start; later only answers which it is. Safe to run twice at once. */
  async bootstrap(): Promise<Bootstrap> {
    return this.unitOfWork.run({}, async (tx) => {
      await tx.query('select pg_advisory_xact_lock(7411003)');
      const existing = await tx.em.findOneBy(WorkspaceEntity, { name: 'default' });
      if (existing) return { workspaceId: existing.id };
      return this.addWorkspace(tx, createCtx('', { kind: 'system', name: 'bootstrap' }), 'default', 'admin');
    });
  }

  /**
   * Makes another workspace, with an admin of its own; nothing is shared with the one that the caller is in. Only an admin of the workspace
   * `default`, who runs the installation, may. The token is answered once, so that a repeat is not answered from a key. Throws CONFLICT.
   */
  async createWorkspace(ctx: Ctx, input: { name: string; admin: string }): Promise<Required<Bootstrap>> {
    checkName(input.name);
    return this.unitOfWork.run({}, async (tx) => {
      await this.checkOperator(tx, ctx, 'make workspaces');
      await tx.query('select pg_advisory_xact_lock(7411003)');
      if (await tx.em.existsBy(WorkspaceEntity, { name: input.name }))
        throw new DomainError('CONFLICT', `there is a workspace named ${input.name} already`, 'name');
      return this.addWorkspace(tx, ctx, input.name, input.admin);
    });
  }

  /** Throws BAD_INPUT for an unknown role or path, CONFLICT when the name is taken. */
  async createMember(ctx: Ctx, input: { name: string; role: string; project?: string | null }): Promise<string> {
    const project = checkedProject(input.project);
    if (!ROLES.includes(input.role as Role))
      throw new DomainError('BAD_INPUT', `role must be one of ${ROLES.join(', ')}`, 'role');
    if (!/^[\w.@ -]{1,100}$/.test(input.name))
      throw new DomainError('BAD_INPUT', 'name must be 1 to 100 letters, digits, spaces or . _ @ -', 'name');
    return this.unitOfWork.run(ctx, (tx) => this.addMember(tx, ctx, input.name, input.role as Role, project));
  }

  /** Makes a token; its text is answered once and never kept. `ttlDays` absent: it does not expire. */
  async createToken(
    ctx: Ctx,
    input: { memberId: string | null; name: string; scope: string; ttlDays?: number | null },
  ): Promise<{ id: string; text: string }> {
    if (!SCOPES.includes(input.scope as Scope))
      throw new DomainError('BAD_INPUT', `scope must be one of ${SCOPES.join(', ')}`, 'scope');
    if ((input.memberId === null) !== (input.scope === 'node'))
      throw new DomainError(
        'BAD_INPUT',
        'a token of scope node belongs to no member; every other token belongs to one',
        'memberId',
      );
    return this.unitOfWork.run({}, async (tx) => {
      // A node serves every workspace, so its token opens the models of all.
      if (input.scope === 'node') await this.checkOperator(tx, ctx, 'make tokens of scope node');
      if (input.memberId && !(await tx.em.existsBy(MemberEntity, { id: input.memberId, workspaceId: ctx.workspaceId })))
        throw new DomainError('NOT_FOUND', `there is no member ${input.memberId}`, 'memberId');
      return this.addToken(tx, ctx, { ...input, scope: input.scope as Scope });
    });
  }

  async revokeToken(ctx: Ctx, tokenId: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const { affected } = await tx.em.update(
        TokenEntity,
        { id: tokenId, workspaceId: ctx.workspaceId },
        { revokedAt: ctx.clock.now() },
      );
      if (!affected) throw new DomainError('NOT_FOUND', `there is no token ${tokenId}`, 'tokenId');
      await this.journal.record(tx, ctx, { event: 'token.deleted', subject: { kind: 'token', id: tokenId }, data: { tokenId } });
      tx.afterCommit(async () => this.authenticator.changed());
    });
  }

  /** Drops idempotency keys that have run out. Returns how many. */
  async dropOldKeys(): Promise<number> {
    return this.unitOfWork.run({}, async (tx) => {
      const old = 'delete from idempotency_key where created_at < now() - make_interval(hours => $1) returning 1';
      return (await tx.query(old, [IDEMPOTENCY_HOURS])).length;
    });
  }

  /** Who runs the installation: the platform itself, and admins of the workspace `default`. Throws FORBIDDEN. */
  private async checkOperator(tx: Tx, ctx: Ctx, what: string): Promise<void> {
    const home = await tx.em.findOneBy(WorkspaceEntity, { id: ctx.workspaceId });
    if (home?.name !== 'default') throw new DomainError('FORBIDDEN', `only an admin of the workspace default may ${what}`);
  }

  /** The new workspace's own journal tells of it, in the name of who made it. */
  private async addWorkspace(tx: Tx, by: Ctx, name: string, admin: string): Promise<Required<Bootstrap>> {
    const workspaceId = newId('workspace');
    const ctx = { ...by, workspaceId };
    await tx.em.insert(WorkspaceEntity, { id: workspaceId, name });
    await this.journal.record(tx, ctx, {
      event: 'workspace.created',
      subject: { kind: 'workspace', id: workspaceId },
      data: { workspaceId, name },
    });
    const memberId = await this.addMember(tx, ctx, admin, 'admin', '/');
    const { text } = await this.addToken(tx, ctx, { memberId, name: 'first sign-in', scope: 'all' });
    return { workspaceId, adminToken: text };
  }

  private async addMember(tx: Tx, ctx: Ctx, name: string, role: Role, path: string): Promise<string> {
    const id = newId('member');
    const inserted = await tx.query(
      'insert into member (id, workspace_id, name) values ($1, $2, $3) on conflict do nothing returning 1',
      [id, ctx.workspaceId, name],
    );
    if (inserted.length === 0) throw new DomainError('CONFLICT', `there is a member named ${name} already`, 'name');
    await tx.em.insert(MemberGrantEntity, { memberId: id, path, role });
    await this.journal.record(tx, ctx, {
      event: 'member.created',
      subject: { kind: 'member', id },
      data: { memberId: id, name, role },
    });
    return id;
  }

  private async addToken(
    tx: Tx,
    ctx: Ctx,
    input: { memberId: string | null; name: string; scope: Scope; ttlDays?: number | null },
  ): Promise<{ id: string; text: string }> {
    const id = newId('token');
    const text = newTokenText('trl');
    const expiresAt = input.ttlDays ? new Date(ctx.clock.now().getTime() + input.ttlDays * 86_400_000) : null;
    await tx.em.insert(TokenEntity, {
      id,
      workspaceId: ctx.workspaceId,
      memberId: input.memberId,
      name: input.name,
      hash: sha256(text),
      scope: input.scope,
      expiresAt,
    });
    await this.journal.record(tx, ctx, {
      event: 'token.created',
      subject: { kind: 'token', id },
      data: { tokenId: id, memberId: input.memberId, scope: input.scope },
    });
    return { id, text };
  }
}

/** Text of a new token: a prefix that secret scanners can know, and 256 random bits. */
export function newTokenText(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}
