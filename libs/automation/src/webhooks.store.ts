import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { WebhookForm } from './model/webhook.js';
import type { WebhookStatus } from './webhooks.entities.js';

/** A webhook whose row is locked, without its secret. */
export interface WebhookFacts {
  readonly id: string;
  readonly name: string;
  readonly form: WebhookForm;
  readonly url: string;
  readonly events: readonly string[];
  readonly status: WebhookStatus;
  /** It has a bearer token. */
  readonly bears: boolean;
}

/** A webhook as those know it who match events to it. */
export interface ListeningWebhook {
  readonly id: string;
  readonly workspaceId: string;
  readonly form: WebhookForm;
  readonly events: readonly string[];
  readonly subject: string | null;
  readonly project: string | null;
  readonly createdAt: Date;
}

/** What senders need of a webhook. */
export interface WebhookTarget {
  readonly name: string;
  readonly form: WebhookForm;
  readonly url: string;
  readonly secrets: readonly string[];
  readonly bearer: string | null;
  readonly events: readonly string[];
}

export interface NewWebhookRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly form: WebhookForm;
  readonly url: string;
  readonly description: string;
  readonly secret: string | null;
  readonly bearer: string | null;
  readonly events: readonly string[];
  readonly subject: string | null;
  readonly project: string | null;
  readonly orderWindowSeconds: number;
  readonly status: WebhookStatus;
  readonly createdBy: string;
}

/** undefined stays as it is. */
export interface WebhookPatchRow {
  readonly name?: string;
  readonly url?: string;
  readonly description?: string;
  readonly secret?: string | null;
  readonly bearer?: string | null;
  readonly events?: readonly string[];
  readonly subject?: string | null;
  readonly project?: string | null;
  readonly orderWindowSeconds?: number;
  readonly status?: WebhookStatus;
}

const LISTENING = 'id, workspace_id as "workspaceId", form, events, subject, project, created_at as "createdAt"';

/** Rows of webhooks. */
@Injectable()
export class WebhooksStore {
  async insert(tx: Tx, row: NewWebhookRow): Promise<void> {
    // The time is cut, not rounded: an event that comes right after is not older than its webhook.
    await tx.query(
      `insert into webhook (id, workspace_id, name, form, url, description, secret, events, subject, project, order_window_seconds, status, created_by, bearer, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, date_trunc('milliseconds', now()), date_trunc('milliseconds', now()))`,
      [
        row.id,
        row.workspaceId,
        row.name,
        row.form,
        row.url,
        row.description,
        row.secret,
        JSON.stringify(row.events),
        row.subject,
        row.project,
        row.orderWindowSeconds,
        row.status,
        row.createdBy,
        row.bearer,
      ],
    );
  }

  async lock(tx: Tx, workspaceId: string, id: string): Promise<WebhookFacts | undefined> {
    const [row] = await tx.query<WebhookFacts>(
      'select id, name, form, url, events, status, bearer is not null as bears from webhook where id = $1 and workspace_id = $2 for no key update',
      [id, workspaceId],
    );
    return row;
  }

  async change(tx: Tx, id: string, patch: WebhookPatchRow): Promise<void> {
    await tx.query(
      `update webhook set name = coalesce($2, name), url = coalesce($3, url), description = coalesce($4, description),
         events = coalesce($5::jsonb, events), status = coalesce($6, status), secret = case when $7 then $8 else secret end,
         subject = case when $9 then $10 else subject end, project = case when $11 then $12 else project end,
         order_window_seconds = coalesce($13, order_window_seconds), bearer = case when $14 then $15 else bearer end, updated_at = now()
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
        patch.subject !== undefined,
        patch.subject ?? null,
        patch.project !== undefined,
        patch.project ?? null,
        patch.orderWindowSeconds ?? null,
        patch.bearer !== undefined,
        patch.bearer ?? null,
      ],
    );
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.query('delete from webhook where id = $1', [id]);
  }

  /** A new secret; the one before signs too for `graceSeconds`. The caller holds the row lock. */
  async rotateSecret(tx: Tx, id: string, secret: string, graceSeconds: number): Promise<void> {
    await tx.query(
      `update webhook set previous_secret = secret, previous_until = now() + make_interval(secs => $3), secret = $2, updated_at = now() where id = $1`,
      [id, secret, graceSeconds],
    );
  }

  /** Where a delivery goes and by what it is signed; for those who send. */
  async target(tx: Tx, workspaceId: string, id: string): Promise<WebhookTarget | undefined> {
    const [row] = await tx.query<WebhookTarget>(
      `select name, form, url, events, bearer, array_remove(array[secret, case when previous_until > now() then previous_secret end], null) as secrets
       from webhook where id = $1 and workspace_id = $2`,
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
  activeIn(tx: Tx, workspaceIds: readonly string[]): Promise<ListeningWebhook[]> {
    return tx.query(`select ${LISTENING} from webhook where workspace_id = any($1) and status = 'ACTIVE' for key share`, [
      workspaceIds,
    ]);
  }

  /** How a webhook listens; for replays, whose caller holds the row lock. */
  async listening(tx: Tx, id: string): Promise<ListeningWebhook> {
    const [row] = await tx.query<ListeningWebhook>(`select ${LISTENING} from webhook where id = $1`, [id]);
    return row!;
  }
}
