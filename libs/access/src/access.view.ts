import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { Caller } from '#contracts';
import { keysetPage, select } from '#database';
import type { Page, PageArgs } from '#kernel';
import { MemberEntity, MemberGrantEntity, TokenEntity } from './access.entities.js';
import { allows, memberOf, type Ctx } from './ctx.js';
import { roleAllows, scopeAllows, type Grant, type Role, type Scope } from './model/permissions.js';

export interface MemberRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** Since when it has neither roles nor tokens. */
  readonly removedAt: Date | null;
}

/** A token as it may be told: its text is kept by nobody. */
export interface TokenRow {
  readonly id: string;
  /** null: of an inference node. */
  readonly memberId: string | null;
  readonly name: string;
  readonly scope: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

@Injectable()
export class AccessView {
  private readonly workspaceNames = new Map<string, string>();

  private home: string | undefined;

  constructor(private readonly dataSource: DataSource) {}

  /** Id of the workspace `default`, which runs the installation. Throws before the first start has made it. */
  async defaultWorkspace(): Promise<string> {
    const find = () => select<{ id: string }>(this.dataSource, "select id from workspace where name = 'default'");
    return (this.home ??= (await find())[0]!.id);
  }

  /** Name of a workspace; it never changes. */
  async workspaceName(workspaceId: string): Promise<string> {
    let name = this.workspaceNames.get(workspaceId);
    if (name === undefined) {
      const [row] = await select<{ name: string }>(this.dataSource, 'select name from workspace where id = $1', [workspaceId]);
      this.workspaceNames.set(workspaceId, (name = row!.name));
    }
    return name;
  }

  members(ctx: Ctx, args: PageArgs): Promise<Page<MemberRow>> {
    const query = this.dataSource
      .getRepository(MemberEntity)
      .createQueryBuilder('m')
      .where('m.workspaceId = :w', { w: ctx.workspaceId });
    return keysetPage(query, args, 'ASC');
  }

  /** Tokens of the workspace for an admin, and for anybody else their own; those that are good for nothing any more only when asked for. */
  tokens(ctx: Ctx, where: { memberId?: string | null; ended?: boolean | null }, args: PageArgs): Promise<Page<TokenRow>> {
    const query = this.dataSource
      .getRepository(TokenEntity)
      .createQueryBuilder('t')
      .where('t.workspaceId = :w', { w: ctx.workspaceId });
    if (!allows(ctx, 'access.write')) query.andWhere('t.memberId = :mine', { mine: memberOf(ctx) });
    if (where.memberId) query.andWhere('t.memberId = :member', { member: where.memberId });
    if (!where.ended) query.andWhere('t.revokedAt is null and (t.expiresAt is null or t.expiresAt > now())');
    return keysetPage(query, args, 'DESC');
  }

  async membersByIds(ctx: Ctx, ids: readonly string[]): Promise<MemberRow[]> {
    return this.dataSource.getRepository(MemberEntity).findBy({ workspaceId: ctx.workspaceId, id: In([...ids]) });
  }

  async grantsByMembers(ids: readonly string[]): Promise<{ memberId: string; path: string; role: Role }[]> {
    return this.dataSource.getRepository(MemberGrantEntity).findBy({ memberId: In([...ids]) });
  }

  /** Every token of a member, for inference nodes: hashes, never texts. One that may not predict has no paths, so that it is refused by name and not as unknown. */
  async callers(): Promise<Caller[]> {
    const rows = await select<{ hash: string; workspaceId: string; scope: Scope; expiresAt: Date | null; grants: Grant[] }>(
      this.dataSource,
      `select t.hash, t.workspace_id as "workspaceId", t.scope, t.expires_at as "expiresAt",
           (select jsonb_agg(jsonb_build_object('path', g.path, 'role', g.role) order by g.path) from member_grant g where g.member_id = t.member_id) as grants
         from token t where t.revoked_at is null and (t.expires_at is null or t.expires_at > now()) and t.member_id is not null order by t.id`,
    );
    return rows.map(({ hash, workspaceId, scope, expiresAt, grants }) => ({
      hash,
      workspaceId,
      paths: scopeAllows(scope, 'deployment.predict') ? predicting(grants ?? []) : [],
      expiresAt: expiresAt ? expiresAt.getTime() : null,
    }));
  }
}

function predicting(grants: readonly Grant[]): string[] {
  return grants.filter(({ role }) => roleAllows(role, 'deployment.predict')).map(({ path }) => path);
}
