import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { MlflowEvent } from './model/mlflow-events.js';
import type { WebhookStatus } from './webhooks.entities.js';

/** A webhook whose row is locked, without its secret. */
export interface WebhookFacts {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly events: readonly MlflowEvent[];
  readonly status: WebhookStatus;
}

export interface NewWebhookRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly url: string;
  readonly description: string;
  readonly secret: string | null;
  readonly events: readonly MlflowEvent[];
  readonly status: WebhookStatus;
  readonly createdBy: string;
}

/** undefined stays as it is. */
export interface WebhookPatchRow {
  readonly name?: string;
  readonly url?: string;
  readonly description?: string;
  readonly secret?: string | null;
  readonly events?: readonly MlflowEvent[];
  readonly status?: WebhookStatus;
}

/** Rows of webhooks. */
@Injectable()
export class WebhooksStore {
  async insert(tx: Tx, row: NewWebhookRow): Promise<void> {
    const { id, workspaceId, name, url, description, secret, events, status, createdBy } = row;
    // The time is cut, not rounded: an event that comes right after is not older than its webhook.
    await tx.query(
      `insert into webhook (id, workspace_id, name, url, description, secret, events, status, created_by, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, date_trunc('milliseconds', now()), date_trunc('milliseconds', now()))`,
      [id, workspaceId, name, url, description, secret, JSON.stringify(events), status, createdBy],
    );
  }

  async lock(tx: Tx, workspaceId: string, id: string): Promise<WebhookFacts | undefined> {
    const [row] = await tx.query<WebhookFacts>(
      'select id, name, url, events, status from webhook where id = $1 and workspace_id = $2 for no key update',
      [id, workspaceId],
    );
    return row;
  }

  async change(tx: Tx, id: string, patch: WebhookPatchRow): Promise<void> {
    await tx.query(
      `update webhook set name = coalesce($2, name), url = coalesce($3, url), description = coalesce($4, description),
         events = coalesce($5::jsonb, events), status = coalesce($6, status), secret = case when $7 then $8 else secret end, updated_at = now()
       where id = $1`,
      [
        id,
        patch.name ?? null,
        patch.url ?? null,
        patch.description ?? null,
        patch.events ? JSON.stringify(patch.events) : null,
        patch.status ?? null,
        patch.secret !== undefined,
        patch.secret ?? null,
      ],
    );
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.query('delete from webhook where id = $1', [id]);
  }

  /** Where a delivery goes and by what it is signed; for those who send. */
  async target(
    tx: Tx,
    workspaceId: string,
    id: string,
  ): Promise<{ url: string; secret: string | null; events: readonly MlflowEvent[] } | undefined> {
    const [row] = await tx.query<{ url: string; secret: string | null; events: readonly MlflowEvent[] }>(
      'select url, secret, events from webhook where id = $1 and workspace_id = $2',
      [id, workspaceId],
    );
    return row;
  }

  /** False when it is off already. */
  async disable(tx: Tx, id: string): Promise<boolean> {
    const rows = await tx.query(
      "update webhook set status = 'DISABLED', updated_at = now() where id = $1 and status = 'ACTIVE' returning 1",
      [id],
    );
    return rows.length > 0;
  }

  /** Webhooks that want events now; kept from being deleted until the transaction ends. */
  activeIn(
    tx: Tx,
    workspaceIds: readonly string[],
  ): Promise<{ id: string; workspaceId: string; events: readonly MlflowEvent[]; createdAt: Date }[]> {
    return tx.query(
      `select id, workspace_id as "workspaceId", events, created_at as "createdAt" from webhook
       where workspace_id = any($1) and status = 'ACTIVE' for key share`,
      [workspaceIds],
    );
  }
}
