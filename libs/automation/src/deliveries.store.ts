import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { Parcel } from './http/send-webhook.js';
import { GIVE_UP_SECONDS, type Outcome } from './model/delivery.js';

/** Channel on which workers are woken when deliveries became due. */
export const DELIVERIES_DUE = 'webhook_delivery';

/** Under way at a time, over all processes: per webhook, so that a receiver that hangs holds up no other, and in all. */
const PER_WEBHOOK = 2;
const IN_ALL = 16;
/** Longer than the longest try, so that a worker that lives loses no lease. */
const LEASE_SECONDS = 60;
const CLAIM_LOCK = 7_411_010;

export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly entity: string;
  readonly action: string;
  readonly payload: string;
}

/** A delivery that the holder of `lease` may send. */
export interface ClaimedDelivery extends Parcel {
  readonly webhookId: string;
  readonly workspaceId: string;
  readonly lease: string;
  readonly attempts: number;
}

const UNDER_WAY = 'lease is not null and next_at > now()';

/**
 * Due deliveries of each active webhook, as many as it has room for. The rows are looked up per webhook, so that the backlog of one costs the others
 * nothing.
 */
const CLAIM = `with due as (
    select d.id, d.next_at from webhook w
      cross join lateral (select count(*) as n from webhook_delivery where webhook_id = w.id and ${UNDER_WAY}) busy
      cross join lateral (select p.id, p.next_at, row_number() over (order by p.next_at, p.id) as place from
        (select id, next_at from webhook_delivery where webhook_id = w.id and state = 'PENDING' and next_at <= now()
          order by next_at, id limit ${PER_WEBHOOK}) p) d
     where w.status = 'ACTIVE' and d.place <= ${PER_WEBHOOK} - busy.n
     order by d.next_at, d.id
     limit greatest(least($1, ${IN_ALL} - (select count(*) from webhook_delivery where ${UNDER_WAY})), 0)),
  free as (select id from webhook_delivery where id in (select id from due) and state = 'PENDING' and next_at <= now() for update skip locked)
  update webhook_delivery d set lease = $2, next_at = now() + make_interval(secs => ${LEASE_SECONDS})
    from free, webhook w where d.id = free.id and w.id = d.webhook_id
  returning d.id, d.webhook_id as "webhookId", w.workspace_id as "workspaceId", d.lease, d.attempts, d.payload, w.url, w.secret`;

/** Rows of deliveries. Times are the database's. */
@Injectable()
export class DeliveriesStore {
  /** Of several rows for one webhook and event, the first stays. */
  async insert(tx: Tx, rows: readonly NewDelivery[]): Promise<void> {
    const column = (name: keyof NewDelivery) => rows.map((row) => row[name]);
    await tx.query(
      `insert into webhook_delivery (id, webhook_id, event_id, entity, action, payload)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
       on conflict (webhook_id, event_id, entity, action) do nothing`,
      [column('id'), column('webhookId'), column('eventId'), column('entity'), column('action'), column('payload')],
    );
  }

  /** Takes up to `room` due deliveries under the mark `lease`. */
  async claim(tx: Tx, room: number, lease: string): Promise<ClaimedDelivery[]> {
    // One claims at a time, over all processes: else two that count together go over the limits together.
    await tx.query('select pg_advisory_xact_lock($1)', [CLAIM_LOCK]);
    return tx.query<ClaimedDelivery>(CLAIM, [room, lease]);
  }

  /** Ends a delivery, by compare-and-set on its lease. False when another has it now. */
  async finish(tx: Tx, claimed: ClaimedDelivery, state: 'DELIVERED' | 'FAILED', outcome: Outcome): Promise<boolean> {
    const rows = await tx.query(
      `update webhook_delivery set state = $3, attempts = attempts + 1, lease = null, last_status = $4, last_error = $5, done_at = now()
       where id = $1 and lease = $2 and state = 'PENDING' returning 1`,
      [claimed.id, claimed.lease, state, outcome.status, outcome.error],
    );
    return rows.length > 0;
  }

  /** Puts a delivery off, or ends it when that would go beyond its time. undefined when another has it now. */
  async putOff(
    tx: Tx,
    claimed: ClaimedDelivery,
    outcome: Outcome,
    waitSeconds: number,
  ): Promise<{ failed: boolean; createdAt: Date } | undefined> {
    const [row] = await tx.query<{ failed: boolean; createdAt: Date }>(
      `with fate as (select id, created_at + make_interval(secs => ${GIVE_UP_SECONDS}) < now() + make_interval(secs => $3) as late
         from webhook_delivery where id = $1)
       update webhook_delivery d set attempts = attempts + 1, lease = null, last_status = $4, last_error = $5,
         next_at = now() + make_interval(secs => $3),
         state = case when fate.late then 'FAILED' else state end, done_at = case when fate.late then now() end
         from fate where d.id = fate.id and lease = $2 and state = 'PENDING'
       returning fate.late as failed, d.created_at as "createdAt"`,
      [claimed.id, claimed.lease, waitSeconds, outcome.status, outcome.error],
    );
    return row;
  }

  /** Gives a delivery back as if it had not been claimed. */
  async release(tx: Tx, claimed: ClaimedDelivery): Promise<void> {
    await tx.query(
      `update webhook_delivery set lease = null, next_at = now() where id = $1 and lease = $2 and state = 'PENDING'`,
      [claimed.id, claimed.lease],
    );
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
    await tx.query(
      `update webhook_delivery set next_at = now(),
         state = case when created_at + make_interval(secs => ${GIVE_UP_SECONDS}) < now() then 'FAILED' else state end,
         done_at = case when created_at + make_interval(secs => ${GIVE_UP_SECONDS}) < now() then now() end
       where webhook_id = $1 and state = 'PENDING' and lease is null`,
      [webhookId],
    );
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
}
