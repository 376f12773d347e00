import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { allows, authorize, type Ctx } from '#access';
import { cursorOf, select } from '#database';
import { decodeCursor, toPage } from '#kernel';
import type { WebhookForm } from './model/webhook.js';
import type { WebhookStatus } from './webhooks.entities.js';

/** A webhook as callers see it: of its secret they learn that there is one. */
export interface WebhookRow {
  readonly id: string;
  readonly name: string;
  readonly form: WebhookForm;
  readonly url: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly subject: string | null;
  readonly project: string | null;
  readonly orderWindowSeconds: number;
  /** Until when the secret before signs too; null when it does no more. */
  readonly previousUntil: Date | null;
  readonly status: WebhookStatus;
  /** Since when nothing has reached it; null while deliveries do. */
  readonly failingSince: Date | null;
  readonly signed: boolean;
  /** It sends a bearer token. */
  readonly authorized: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const ROWS = `select id, name, form, url, description, events, subject, project, order_window_seconds as "orderWindowSeconds",
  case when previous_until > now() then previous_until end as "previousUntil", status, failing_since as "failingSince", secret is not null as signed, bearer is not null as authorized, created_by as "createdBy", created_at as "createdAt",
  updated_at as "updatedAt" from webhook where workspace_id = $1`;
const BY_IDS = `${ROWS} and id = any($2)`;
const LIST = `${ROWS} and ($2::text is null or id < $2) and ($4::text is null or form = $4) order by id desc limit $3`;

/** Webhooks belong to the workspace, so that reading them needs the right on all of it. */
@Injectable()
export class WebhooksView {
  constructor(private readonly dataSource: DataSource) {}

  async get(ctx: Ctx, id: string): Promise<WebhookRow | undefined> {
    authorize(ctx, 'automation.read', '/');
    const [row] = await select<WebhookRow>(this.dataSource, BY_IDS, [ctx.workspaceId, [id]]);
    return row;
  }

  /** Those of the webhooks that the caller may read. */
  async byIds(ctx: Ctx, ids: readonly string[]): Promise<WebhookRow[]> {
    return allows(ctx, 'automation.read', '/') ? select(this.dataSource, BY_IDS, [ctx.workspaceId, ids]) : [];
  }

  /** Newest first, all of them or those of one form; `next` is where the next page begins. Throws BAD_INPUT for a cursor that is none. */
  async list(
    ctx: Ctx,
    page: { limit: number; after?: string; form?: WebhookForm },
  ): Promise<{ webhooks: readonly WebhookRow[]; next?: string }> {
    authorize(ctx, 'automation.read', '/');
    const after = page.after ? decodeCursor(page.after) : null;
    const rows = await select<WebhookRow>(this.dataSource, LIST, [ctx.workspaceId, after, page.limit + 1, page.form ?? null]);
    const { nodes, hasNextPage } = toPage(rows, page.limit);
    return { webhooks: nodes, next: hasNextPage ? cursorOf(nodes.at(-1)!) : undefined };
  }
}
