import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { allows, authorize, type Ctx } from '#access';
import { select } from '#database';
import { decodeCursor, DomainError, encodeCursor } from '#kernel';
import type { WebhookForm } from './model/webhook.js';

export type DeliveryState = 'PENDING' | 'DELIVERED' | 'FAILED';

/** A delivery as callers see it; its body is for the receiver. */
export interface DeliveryRow {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  /** Name of the event in the words of its form. */
  readonly event: string;
  readonly form: WebhookForm;
  readonly subject: string | null;
  readonly sequence: string | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When it is due, or how long the try under way has at most; null when it has ended. */
  readonly nextAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly doneAt: Date | null;
}

/** One try of a delivery, as it ended. */
export interface AttemptRow {
  readonly deliveryId: string;
  readonly number: number;
  readonly at: Date;
  /** null when no answer came. */
  readonly status: number | null;
  readonly ms: number;
  /** The first 2 KB of the answer. */
  readonly body: string | null;
  readonly error: string | null;
}

/** Deliveries that somebody asked to have again, and how far that is. */
export interface ReplayRow {
  readonly id: string;
  readonly webhookId: string;
  readonly total: number;
  readonly waiting: number;
  readonly delivered: number;
  readonly failed: number;
  readonly createdAt: Date;
}

/** Attempts of a delivery that are told, the newest. */
const MAX_ATTEMPTS = 100;

const COLUMNS = `d.id, d.webhook_id as "webhookId", w.form, d.subject, d.sequence, d.event_id as "eventId", d.entity || '.' || d.action as event, d.state, d.attempts,
  case when d.state = 'PENDING' then d.next_at end as "nextAt", d.last_status as "lastStatus", d.last_error as "lastError",
  d.created_at as "createdAt", d.done_at as "doneAt"`;

const BY_IDS = `select ${COLUMNS} from webhook_delivery d join webhook w on w.id = d.webhook_id where w.workspace_id = $1 and d.id = any($2)`;

/** By the events, whose ids sort by time: in that order an index holds the deliveries of a webhook. */
const byWebhooks = (further: string) => `select ${COLUMNS} from webhook w cross join lateral (select * from webhook_delivery
      where webhook_id = w.id ${further} order by event_id desc, entity desc, action desc limit $3) d
   where w.workspace_id = $1 and w.id = any($2) order by d.webhook_id, d.event_id desc, d.entity desc, d.action desc`;
const NEWEST = byWebhooks('');
const FURTHER = byWebhooks('and (event_id, entity, action) < ($4, $5, $6)');

const ATTEMPTS = `select a.delivery_id as "deliveryId", a.number, a.at, a.status, a.ms, a.body, a.error
  from webhook_delivery d join webhook w on w.id = d.webhook_id
  cross join lateral (select * from webhook_attempt where delivery_id = d.id order by number desc limit ${MAX_ATTEMPTS}) a
  where w.workspace_id = $1 and d.id = any($2) order by a.delivery_id, a.number desc`;

const REPLAY = `select r.id, r.webhook_id as "webhookId", r.total, r.created_at as "createdAt", count(*) filter (where d.state = 'PENDING')::int as waiting,
    count(*) filter (where d.state = 'DELIVERED')::int as delivered, count(*) filter (where d.state = 'FAILED')::int as failed
  from webhook_replay r join webhook w on w.id = r.webhook_id left join webhook_delivery d on d.replay_id = r.id
  where w.workspace_id = $1 and r.id = $2 group by r.id`;

/** What became of the deliveries of webhooks; read by those who may read webhooks. */
@Injectable()
export class DeliveriesView {
  constructor(private readonly dataSource: DataSource) {}

  /** Those of the deliveries that the caller may read. */
  async byIds(ctx: Ctx, ids: readonly string[]): Promise<DeliveryRow[]> {
    return allows(ctx, 'automation.read', '/') ? select(this.dataSource, BY_IDS, [ctx.workspaceId, ids]) : [];
  }

  /** Up to `limit` deliveries of each webhook, newest event first. Throws BAD_INPUT for a cursor that is none. */
  async byWebhooks(ctx: Ctx, ids: readonly string[], page: { limit: number; after?: string }): Promise<DeliveryRow[]> {
    if (!allows(ctx, 'automation.read', '/')) return [];
    const params = [ctx.workspaceId, ids, page.limit];
    return page.after
      ? select(this.dataSource, FURTHER, [...params, ...placeOf(page.after)])
      : select(this.dataSource, NEWEST, params);
  }

  /** The last tries of each delivery, newest first. */
  async attempts(ctx: Ctx, deliveryIds: readonly string[]): Promise<AttemptRow[]> {
    return allows(ctx, 'automation.read', '/') ? select(this.dataSource, ATTEMPTS, [ctx.workspaceId, deliveryIds]) : [];
  }

  /** A replay with its progress; a delivery that was replayed again since counts for the later one only. */
  async replay(ctx: Ctx, id: string): Promise<ReplayRow | undefined> {
    authorize(ctx, 'automation.read', '/');
    return (await select<ReplayRow>(this.dataSource, REPLAY, [ctx.workspaceId, id]))[0];
  }
}

/** Where the page after a delivery begins. */
export function deliveryCursor({ eventId, event }: DeliveryRow): string {
  return encodeCursor(`${eventId}/${event}`);
}

function placeOf(cursor: string): readonly [eventId: string, entity: string, action: string] {
  const place = /^(\w+)\/(\w+)\.(\w+)$/.exec(decodeCursor(cursor));
  if (!place) throw new DomainError('BAD_INPUT', 'after is not the cursor of a delivery', 'after');
  return [place[1]!, place[2]!, place[3]!];
}
