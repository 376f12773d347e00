import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { ClaimedDelivery } from './delivery-claims.store.js';
import { GIVE_UP_SECONDS, type Outcome } from './model/delivery.js';

/** Channel on which workers are woken when deliveries became due. */
export const DELIVERIES_DUE = 'webhook_delivery';

export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly entity: string;
  readonly action: string;
  /** null: it is made from the log when it is sent, or first sent. */
  readonly payload: string | null;
  /** Those of one subject go in the order of their sequence; null: in any order. */
  readonly subject: string | null;
  readonly sequence: string | null;
}

/**
 * New rows. One whose subject has an earlier one that is not delivered is held for the webhook's window. The last of those is locked: who ends it now
 * lets the new one go afterwards.
 */
const INSERT = `with fresh as (
    select f.*, w.order_window_seconds as secs, f.subject is not null and w.order_window_seconds > 0 as ordered,
      row_number() over (partition by f.webhook_id, f.subject order by f.sequence) as place
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
      as f (id, webhook_id, event_id, entity, action, payload, subject, sequence) join webhook w on w.id = f.webhook_id),
  ahead as materialized (
    select s.webhook_id, s.subject from (select webhook_id, subject from fresh where ordered and place = 1 order by webhook_id, subject) s
      cross join lateral (select 1 from webhook_delivery d where d.webhook_id = s.webhook_id and d.subject = s.subject and d.state = 'PENDING'
        order by d.sequence desc limit 1 for share of d) earlier),
  placed as (select f.*, f.ordered and (f.place > 1 or (f.webhook_id, f.subject) in (select webhook_id, subject from ahead)) as behind from fresh f)
  insert into webhook_delivery (id, webhook_id, event_id, entity, action, payload, subject, sequence, replay_id, held, next_at)
    select id, webhook_id, event_id, entity, action, payload, subject, sequence, $9, behind, now() + make_interval(secs => case when behind then secs else 0 end)
      from placed order by sequence
  on conflict (webhook_id, event_id, entity, action) do nothing returning 1`;

/** The first of its subject that is not delivered yet; what was held behind another is due when it becomes that. */
const LET_GO = `update webhook_delivery set held = false, next_at = now() where held and id =
  (select id from webhook_delivery where webhook_id = $1 and subject = $2 and state = 'PENDING' order by sequence limit 1)`;

const TOO_LATE = `d.tried_since + make_interval(secs => ${GIVE_UP_SECONDS})`;
/** Whoever ends a try writes it down: parameters 1 to 6 are the delivery, its lease, status, error, ms and the receiver's answer. */
const noted = (from: string) => `insert into webhook_attempt (delivery_id, number, at, status, ms, body, error)
  select id, attempts, now() - make_interval(secs => $5 / 1000.0), $3::int, $5::int, left($6, 2048), $4 from ${from}`;
const FINISH = `with done as (update webhook_delivery set state = $7, attempts = attempts + 1, lease = null, last_status = $3, last_error = $4, done_at = now()
    where id = $1 and lease = $2 and state = 'PENDING' returning id, attempts)
  ${noted('done')} returning 1`;
const PUT_OFF = `with put as (update webhook_delivery d set attempts = attempts + 1, lease = null, last_status = $3, last_error = $4,
      next_at = now() + make_interval(secs => $7),
      state = case when ${TOO_LATE} < now() + make_interval(secs => $7) then 'FAILED' else state end,
      done_at = case when ${TOO_LATE} < now() + make_interval(secs => $7) then now() end
    where d.id = $1 and lease = $2 and state = 'PENDING' returning id, attempts, state = 'FAILED' as failed, tried_since as "triedSince"),
  noted as (${noted('put')})
  select failed, "triedSince" from put`;

/** What waits goes out now, in the order of the log and of subjects; what is beyond its time has failed. */
const RESUME = `with waiting as (
    select d.id, ${TOO_LATE} < now() as late, w.order_window_seconds as secs,
      d.subject is not null and w.order_window_seconds > 0
        and row_number() over (partition by d.subject, ${TOO_LATE} < now() order by d.sequence, d.id) > 1 as behind,
      row_number() over (order by d.sequence desc nulls last, d.id desc) as before_last
    from webhook_delivery d join webhook w on w.id = d.webhook_id where d.webhook_id = $1 and d.state = 'PENDING' and d.lease is null)
  update webhook_delivery d set held = behind and not late,
      next_at = now() + make_interval(secs => case when behind then secs else 0 end) - before_last * interval '1 microsecond',
      state = case when late then 'FAILED' else state end, done_at = case when late then now() end
    from waiting where d.id = waiting.id and d.lease is null`;

/** Rows of deliveries. Times are the database's. */
@Injectable()
export class DeliveriesStore {
  /** Of several rows for one webhook and event, the first stays; answers how many are new. */
  async insert(tx: Tx, rows: readonly NewDelivery[], replayId: string | null = null): Promise<number> {
    const column = (name: keyof NewDelivery) => rows.map((row) => row[name]);
    const names = ['id', 'webhookId', 'eventId', 'entity', 'action', 'payload', 'subject', 'sequence'] as const;
    return (await tx.query(INSERT, [...names.map(column), replayId])).length;
  }

  /** Ends a delivery, by compare-and-set on its lease. False when another has it now. */
  async finish(tx: Tx, claimed: ClaimedDelivery, state: 'DELIVERED' | 'FAILED', outcome: Outcome): Promise<boolean> {
    const rows = await tx.query(FINISH, [...attemptValues(claimed, outcome), state]);
    if (rows.length > 0) await this.letGo(tx, claimed);
    return rows.length > 0;
  }

  /** Puts a delivery off, or ends it when that would go beyond its time. undefined when another has it now. */
  async putOff(
    tx: Tx,
    claimed: ClaimedDelivery,
    outcome: Outcome,
    waitSeconds: number,
  ): Promise<{ failed: boolean; triedSince: Date } | undefined> {
    const [row] = await tx.query<{ failed: boolean; triedSince: Date }>(PUT_OFF, [
      ...attemptValues(claimed, outcome),
      waitSeconds,
    ]);
    if (row?.failed) await this.letGo(tx, claimed);
    return row;
  }

  /** Whether anything has reached the webhook since then. */
  async reachedSince(tx: Tx, webhookId: string, since: Date): Promise<boolean> {
    const rows = await tx.query(
      `select 1 from webhook_delivery where webhook_id = $1 and state = 'DELIVERED' and done_at >= $2 limit 1`,
      [webhookId, since],
    );
    return rows.length > 0;
  }

  /** Makes what waits due now, and ends what is beyond its time. */
  async resume(tx: Tx, webhookId: string): Promise<void> {
    await tx.query(RESUME, [webhookId]);
  }

  /** The webhook that a delivery of the workspace is for. */
  async webhookOf(tx: Tx, workspaceId: string, id: string): Promise<string | undefined> {
    const [row] = await tx.query<{ webhookId: string }>(
      `select d.webhook_id as "webhookId" from webhook_delivery d join webhook w on w.id = d.webhook_id where d.id = $1 and w.workspace_id = $2`,
      [id, workspaceId],
    );
    return row?.webhookId;
  }

  /** Makes a delivery that failed due now, by compare-and-set on its state. False when it is in another. */
  async retry(tx: Tx, id: string): Promise<boolean> {
    const rows = await tx.query(
      `update webhook_delivery set state = 'PENDING', next_at = now(), done_at = null where id = $1 and state = 'FAILED' returning 1`,
      [id],
    );
    return rows.length > 0;
  }

  /** Forgets deliveries that ended so long ago; answers how many. */
  async dropOld(tx: Tx, days: number): Promise<number> {
    const rows = await tx.query(
      `delete from webhook_delivery where id in
         (select id from webhook_delivery where done_at < now() - make_interval(days => $1) limit 5000) returning 1`,
      [days],
    );
    return rows.length;
  }

  private async letGo(tx: Tx, { webhookId, subject }: ClaimedDelivery): Promise<void> {
    if (subject !== null) await tx.query(LET_GO, [webhookId, subject]);
  }
}

function attemptValues({ id, lease }: ClaimedDelivery, { status, error, ms = 0, body }: Outcome): unknown[] {
  return [id, lease, status, error, ms, body?.replaceAll('\0', '') ?? null];
}
