import { Injectable } from '@nestjs/common';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { WorkspaceEntity } from './access.entities.js';
import { createCtx, type Ctx } from './ctx.js';
import { IDEMPOTENCY_HOURS } from './idempotency-guard.js';
import { Journal } from './journal.js';
import { MembersService } from './members.service.js';
import { checkName } from './model/names.js';
import { checkOperator } from './operator.js';
import { TokensService } from './tokens.service.js';

export interface Bootstrap {
  readonly workspaceId: string;
  /** Texts of the tokens that were made now; they are shown once. */
  readonly adminToken?: string;
}

/** Workspaces, each with its first member. */
@Injectable()
export class AccessService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly members: MembersService,
    private readonly tokens: TokensService,
    private readonly journal: Journal,
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
      await checkOperator(tx, ctx, 'make workspaces');
      await tx.query('select pg_advisory_xact_lock(7411003)');
      if (await tx.em.existsBy(WorkspaceEntity, { name: input.name }))
        throw new DomainError('CONFLICT', `there is a workspace named ${input.name} already`, 'name');
      return this.addWorkspace(tx, ctx, input.name, input.admin);
    });
  }

  /** Drops idempotency keys that have run out. Returns how many. */
  async dropOldKeys(): Promise<number> {
    return this.unitOfWork.run({}, async (tx) => {
      const old = 'delete from idempotency_key where created_at < now() - make_interval(hours => $1) returning 1';
      return (await tx.query(old, [IDEMPOTENCY_HOURS])).length;
    });
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
    const memberId = await this.members.add(tx, ctx, admin, 'admin', '/');
    const { text } = await this.tokens.add(tx, ctx, { memberId, name: 'first sign-in', scope: 'all', expiresAt: null });
    return { workspaceId, adminToken: text };
  }
}
