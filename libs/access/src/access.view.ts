import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { keysetPage } from '#database';
import type { Page, PageArgs } from '#kernel';
import { AuditEntity, MemberEntity, MemberGrantEntity } from './access.entities.js';
import type { Ctx } from './ctx.js';

export interface MemberRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}

export type AuditRow = Readonly<AuditEntity>;

@Injectable()
export class AccessView {
  constructor(private readonly dataSource: DataSource) {}

  members(ctx: Ctx, args: PageArgs): Promise<Page<MemberRow>> {
    const query = this.dataSource.getRepository(MemberEntity).createQueryBuilder('m').where('m.workspaceId = :w', { w: ctx.workspaceId });
    return keysetPage(query, args, 'ASC');
  }

  async membersByIds(ctx: Ctx, ids: readonly string[]): Promise<MemberRow[]> {
    return this.dataSource.getRepository(MemberEntity).findBy({ workspaceId: ctx.workspaceId, id: In([...ids]) });
  }

  async grantsByMembers(ids: readonly string[]): Promise<{ memberId: string; path: string; role: string }[]> {
    return this.dataSource.getRepository(MemberGrantEntity).findBy({ memberId: In([...ids]) });
  }

  audit(ctx: Ctx, filter: { subjectId?: string | null; action?: string | null; outcome?: string | null }, args: PageArgs): Promise<Page<AuditRow>> {
    const query = this.dataSource.getRepository(AuditEntity).createQueryBuilder('a').where('a.workspaceId = :w', { w: ctx.workspaceId });
    if (filter.subjectId) query.andWhere('a.subjectId = :s', { s: filter.subjectId });
    if (filter.action) query.andWhere('a.action = :act', { act: filter.action });
    if (filter.outcome) query.andWhere('a.outcome = :o', { o: filter.outcome });
    return keysetPage(query, args);
  }
}
