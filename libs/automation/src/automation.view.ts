import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { visible, type Ctx } from '#access';
import { keysetPage } from '#database';
import type { Page, PageArgs } from '#kernel';
import { ExecutionEntity, TriggerEntity } from './automation.entities.js';

export type TriggerRow = Readonly<TriggerEntity>;
export type ExecutionRow = Readonly<ExecutionEntity>;

@Injectable()
export class AutomationView {
  constructor(private readonly dataSource: DataSource) {}

  triggers(ctx: Ctx, args: PageArgs): Promise<Page<TriggerRow>> {
    return keysetPage(this.readable(ctx), args);
  }

  triggersByIds(ctx: Ctx, ids: readonly string[]): Promise<TriggerRow[]> {
    return this.readable(ctx).andWhere('t.id in (:...ids)', { ids }).getMany();
  }

  executions(ctx: Ctx, triggerId: string, args: PageArgs): Promise<Page<ExecutionRow>> {
    const query = this.dataSource
      .getRepository(ExecutionEntity)
      .createQueryBuilder('x')
      .where('x.workspaceId = :w and x.triggerId = :t', { w: ctx.workspaceId, t: triggerId });
    return keysetPage(query, args);
  }

  private readable(ctx: Ctx) {
    return visible(this.dataSource.getRepository(TriggerEntity).createQueryBuilder('t'), ctx, 'automation.read', 't.project');
  }
}
