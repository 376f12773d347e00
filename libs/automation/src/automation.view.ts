import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readableSql, visible, type Ctx } from '#access';
import { keysetPage, selectOnce, SqlParams } from '#database';
import { decodeCursor, type Page, type PageArgs } from '#kernel';
import { ExecutionEntity, TriggerEntity } from './automation.entities.js';
import type { ExecutionState } from './model/execution.js';

export type TriggerRow = Readonly<TriggerEntity>;
export type ExecutionRow = Readonly<ExecutionEntity>;

/** A page of the executions of each of several triggers. */
export interface ExecutionsPage {
  readonly limit: number;
  readonly after?: string;
  readonly states?: readonly ExecutionState[];
}

const PROJECT_OF_EXECUTION = '(select t.project from trigger t where t.id = x.trigger_id)';

@Injectable()
export class AutomationView {
  constructor(private readonly dataSource: DataSource) {}

  /** Those that are not deleted. */
  triggers(ctx: Ctx, args: PageArgs & { readonly name?: string | null }): Promise<Page<TriggerRow>> {
    const query = this.readable(ctx).andWhere('t.deletedAt is null');
    if (args.name) query.andWhere('t.name = :name', { name: args.name });
    return keysetPage(query, args);
  }

  /** With deleted ones: their executions go on naming them. */
  triggersByIds(ctx: Ctx, ids: readonly string[]): Promise<TriggerRow[]> {
    return this.readable(ctx).andWhere('t.id in (:...ids)', { ids }).getMany();
  }

  executionsByIds(ctx: Ctx, ids: readonly string[]): Promise<ExecutionRow[]> {
    const query = this.dataSource.getRepository(ExecutionEntity).createQueryBuilder('x').where('x.id in (:...ids)', { ids });
    return visible(query, ctx, 'automation.read', PROJECT_OF_EXECUTION).getMany();
  }

  /** Up to `limit` executions of each trigger, newest first, by one statement. */
  async executionsByTriggers(ctx: Ctx, ids: readonly string[], page: ExecutionsPage): Promise<ExecutionRow[]> {
    const params = new SqlParams();
    const further = [
      ...(page.after ? [`i.id < ${params.add(decodeCursor(page.after), 'text')}`] : []),
      ...(page.states ? [`i.state = any(${params.add([...page.states], 'text[]')})`] : []),
    ];
    const where = [
      `t.workspace_id = ${params.add(ctx.workspaceId, 'text')}`,
      `t.id = any(${params.add([...ids], 'text[]')})`,
      ...readableSql(ctx, 'automation.read', 't.project', params),
    ];
    const found = await selectOnce<{ id: string }>(
      this.dataSource,
      `select x.id from trigger t cross join lateral (select i.id from trigger_execution i where ${['i.trigger_id = t.id', ...further].join(' and ')}
          order by i.id desc limit ${params.add(page.limit, 'int')}) x where ${where.join(' and ')}`,
      params.values,
    );
    if (found.length === 0) return [];
    return this.dataSource
      .getRepository(ExecutionEntity)
      .createQueryBuilder('x')
      .where('x.id in (:...found)', { found: found.map(({ id }) => id) })
      .orderBy('x.id', 'DESC')
      .getMany();
  }

  private readable(ctx: Ctx) {
    return visible(this.dataSource.getRepository(TriggerEntity).createQueryBuilder('t'), ctx, 'automation.read', 't.project');
  }
}
