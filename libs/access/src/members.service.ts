import { Injectable } from '@nestjs/common';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import type { MemberEntity } from './access.entities.js';
import { Authenticator } from './authenticator.js';
import type { Ctx } from './ctx.js';
import { Journal } from './journal.js';
import { MembersStore } from './members.store.js';
import { checkedProject } from './model/names.js';
import { ROLES, type Role } from './model/permissions.js';

/** A role of a member on a project and all below it. */
export interface RoleInput {
  readonly memberId: string;
  readonly role: string;
  /** `/` when absent. */
  readonly project?: string | null;
}

/** People and machines of a workspace, and the roles that they have on its projects. */
@Injectable()
export class MembersService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: MembersStore,
    private readonly journal: Journal,
    private readonly authenticator: Authenticator,
  ) {}

  /** Throws BAD_INPUT for an unknown role or path, CONFLICT when the name is taken. */
  async create(ctx: Ctx, input: Omit<RoleInput, 'memberId'> & { readonly name: string }): Promise<string> {
    const project = checkedProject(input.project);
    const role = checkedRole(input.role);
    if (!/^[\w.@ -]{1,100}$/.test(input.name))
      throw new DomainError('BAD_INPUT', 'name must be 1 to 100 letters, digits, spaces or . _ @ -', 'name');
    return this.unitOfWork.run(ctx, (tx) => this.add(tx, ctx, input.name, role, project));
  }

  /** Gives a role in place of the one that the member had on that project; who was removed is back. Throws BAD_INPUT, NOT_FOUND, CONFLICT for the last admin. */
  async grant(ctx: Ctx, input: RoleInput): Promise<string> {
    const project = checkedProject(input.project);
    const role = checkedRole(input.role);
    await this.change(ctx, input.memberId, async (tx, member) => {
      const before = await this.store.roleOn(tx, member.id, project);
      if (before === role) return;
      await this.checkAdminStays(tx, member, project, before);
      await this.store.setRole(tx, member.id, project, role);
      await this.journal.record(tx, ctx, {
        event: 'member.role_granted',
        subject: { kind: 'member', id: member.id },
        data: { memberId: member.id, name: member.name, project, role },
        before: { role: before },
        after: { role },
      });
    });
    return input.memberId;
  }

  /** Takes the role on exactly this project; those on others stay. Throws NOT_FOUND where there is none, CONFLICT for the last admin. */
  async withdraw(ctx: Ctx, input: Omit<RoleInput, 'role'>): Promise<string> {
    const project = checkedProject(input.project);
    await this.change(ctx, input.memberId, async (tx, member) => {
      const { id, name } = member;
      const role = await this.store.roleOn(tx, id, project);
      if (!role) throw new DomainError('NOT_FOUND', `${name} has no role on ${project}`, 'project');
      await this.checkAdminStays(tx, member, project, role);
      await this.store.dropRole(tx, id, project);
      await this.journal.record(tx, ctx, {
        event: 'member.role_withdrawn',
        subject: { kind: 'member', id },
        data: { memberId: id, name, project, role },
        before: { role },
        after: { role: null },
      });
    });
    return input.memberId;
  }

  /**
   * Takes every role and every token: what its triggers do fails from now on, until another takes them over. What it made stays, and so does its name. Throws
   * NOT_FOUND, and CONFLICT for who was removed already and for the last admin.
   */
  async remove(ctx: Ctx, memberId: string): Promise<string> {
    await this.change(ctx, memberId, async (tx, member) => {
      const { id, name } = member;
      if (member.removedAt) throw new DomainError('CONFLICT', `${name} was removed already`, 'memberId');
      await this.checkAdminStays(tx, member, '/', await this.store.roleOn(tx, id, '/'));
      const { grants, tokens } = await this.store.remove(tx, id);
      await this.journal.record(tx, ctx, {
        event: 'member.removed',
        subject: { kind: 'member', id },
        data: { memberId: id, name, tokens },
        before: { grants },
      });
    });
    return memberId;
  }

  /** Step: a member with its first role. Throws CONFLICT when the name is taken. */
  async add(tx: Tx, ctx: Ctx, name: string, role: Role, project: string): Promise<string> {
    const id = newId('member');
    if (!(await this.store.insert(tx, { id, workspaceId: ctx.workspaceId, name })))
      throw new DomainError('CONFLICT', `there is a member named ${name} already`, 'name');
    await this.store.setRole(tx, id, project, role);
    await this.journal.record(tx, ctx, {
      event: 'member.created',
      subject: { kind: 'member', id },
      data: { memberId: id, name, role },
    });
    return id;
  }

  private change(ctx: Ctx, id: string, work: (tx: Tx, member: MemberEntity) => Promise<void>): Promise<void> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const member = await this.store.lock(tx, ctx.workspaceId, id);
      if (!member) throw new DomainError('NOT_FOUND', `there is no member ${id}`, 'memberId');
      await work(tx, member);
      tx.afterCommit(async () => this.authenticator.changed());
    });
  }

  /** A workspace keeps an admin, or nobody could make one. */
  private async checkAdminStays(tx: Tx, { id, workspaceId }: MemberEntity, project: string, role: Role | null): Promise<void> {
    if (project !== '/' || role !== 'admin' || (await this.store.hasOtherAdmin(tx, workspaceId, id))) return;
    throw new DomainError('CONFLICT', 'this is the last admin of the workspace; make another one admin first', 'memberId');
  }
}

function checkedRole(role: string): Role {
  if (!ROLES.includes(role as Role)) throw new DomainError('BAD_INPUT', `role must be one of ${ROLES.join(', ')}`, 'role');
  return role as Role;
}
