import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { authorize, type Ctx } from '#access';
import { cursorOf } from '#database';
import { decodeCursor, toPage } from '#kernel';
import { WebhookEntity } from './webhooks.entities.js';

/** A webhook as callers see it: its secret is never read here. */
export type WebhookRow = Readonly<Omit<WebhookEntity, 'secret'>>;

/** Webhooks belong to the workspace, so that reading them needs the right on all of it. */
@Injectable()
export class WebhooksView {
  constructor(private readonly dataSource: DataSource) {}

  async get(ctx: Ctx, id: string): Promise<WebhookRow | undefined> {
    const row = await this.readable(ctx).andWhere('w.id = :id', { id }).getOne();
    return row ?? undefined;
  }

  /** Newest first; `next` is where the next page begins. Throws BAD_INPUT for a cursor that is none. */
  async list(ctx: Ctx, page: { limit: number; after?: string }): Promise<{ webhooks: readonly WebhookRow[]; next?: string }> {
    const query = this.readable(ctx);
    if (page.after) query.andWhere('w.id < :after', { after: decodeCursor(page.after) });
    const rows = await query
      .orderBy('w.id', 'DESC')
      .limit(page.limit + 1)
      .getMany();
    const { nodes, hasNextPage } = toPage(rows, page.limit);
    return { webhooks: nodes, next: hasNextPage ? cursorOf(nodes.at(-1)!) : undefined };
  }

  private readable(ctx: Ctx) {
    authorize(ctx, 'automation.read', '/');
    const query = this.dataSource.getRepository(WebhookEntity).createQueryBuilder('w');
    return query.where('w.workspaceId = :workspace', { workspace: ctx.workspaceId });
  }
}
