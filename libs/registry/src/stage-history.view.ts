import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { visible, type Ctx } from '#access';
import { keysetPage } from '#database';
import { decodeCursor, DomainError, type Page, type PageArgs } from '#kernel';
import { StageFlowEntity, StageStayEntity } from './registry.entities.js';

export type StageStayRow = Readonly<StageStayEntity>;
export type StageFlowRow = Readonly<StageFlowEntity>;

/** Most versions that an answer about one moment names. */
const MAX_STANDING = 200;

/** What stood where, when, for how long, by whom and why; and the flows of a workspace. */
@Injectable()
export class StageHistoryView {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first. Throws BAD_INPUT for a cursor of another list. */
  async stays(
    ctx: Ctx,
    where: { modelId: string; stage?: string | null; versionId?: string | null },
    args: PageArgs,
  ): Promise<Page<StageStayRow>> {
    if (args.after && !/^\d{1,18}$/.test(decodeCursor(args.after)))
      throw new DomainError('BAD_INPUT', 'after is not a cursor of this list; use the endCursor of the previous page', 'after');
    const query = this.readable(ctx).andWhere('s.modelId = :modelId', where);
    if (where.stage) query.andWhere('s.stage = :stage', where);
    if (where.versionId) query.andWhere('s.versionId = :versionId', where);
    return keysetPage(query, args);
  }

  /** Versions that stood in a stage at a moment (now, when none is given), by number. */
  standing(ctx: Ctx, modelId: string, stage: string, at: Date = new Date()): Promise<StageStayRow[]> {
    return this.readable(ctx)
      .andWhere('s.modelId = :modelId and s.stage = :stage', { modelId, stage })
      .andWhere('s.enteredAt <= :at and (s.leftAt is null or s.leftAt > :at)', { at })
      .orderBy('s.number')
      .limit(MAX_STANDING)
      .getMany();
  }

  flows(ctx: Ctx, args: PageArgs): Promise<Page<StageFlowRow>> {
    return keysetPage(this.readableFlows(ctx), args, 'ASC');
  }

  flowsByIds(ctx: Ctx, ids: readonly string[]): Promise<StageFlowRow[]> {
    return this.readableFlows(ctx).andWhere('f.id in (:...ids)', { ids }).getMany();
  }

  private readable(ctx: Ctx) {
    const project = '(select m.project from model m where m.id = s.model_id)';
    return visible(this.dataSource.getRepository(StageStayEntity).createQueryBuilder('s'), ctx, 'registry.read', project);
  }

  /** Flows are the workspace's: whoever reads models anywhere in it may read them. */
  private readableFlows(ctx: Ctx) {
    const query = this.dataSource.getRepository(StageFlowEntity).createQueryBuilder('f');
    return query.where('f.workspaceId = :workspaceId', { workspaceId: ctx.workspaceId });
  }
}
