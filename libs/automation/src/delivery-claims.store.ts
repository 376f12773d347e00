import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { WebhookForm } from './model/webhook.js';

/** A delivery that the holder of `lease` may send. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly subject: string | null;
  readonly form: WebhookForm;
  readonly url: string;
  /** Keys that sign it, the newest first. */
  readonly secrets: readonly string[];
  /** What the receiver knows the webhook by; null: nothing. */
  readonly bearer: string | null;
  readonly payload: string | null;
  readonly workspaceId: string;
  readonly lease: string;
  readonly attempts: number;
  /** Nothing has reached the webhook of late. */
  readonly failing: boolean;
}

/** Longer than the longest try, so that a worker that lives loses no lease. */
const LEASE_SECONDS = 60;
/** A webhook is slow when its last try failed or one has been under way for so long. */
const SLOW_SECONDS = 2;
/** One that fails is tried no sooner after a failure, however much waits for it: it shall come back, and the others shall not pay for its failures. */
const PROBE_SECONDS = 1;
/** Under way at a time, over all processes: per webhook and in all of a lane. */
const PROMPT = { each: 4, all: 32 };
const SLOW = { each: 1, all: 16 };
const CLAIM_LOCK = 7_411_010;

/**
 * Due deliveries of each active webhook, as many as it has room for: the slow ones share a lane of their own, so that receivers which fail or hang take
 * no place of those that answer for longer than it takes to notice. Rows are looked up per webhook by an index, so that what waits at one costs the others
 * nothing.
 */
const CLAIM = `with busy as materialized (
    select w.id, count(d.next_at)::int as n,
      w.failing_since is not null or coalesce(min(d.next_at) < now() + make_interval(secs => ${LEASE_SECONDS - SLOW_SECONDS}), false) as slow,
      w.failing_since is null or w.failed_at <= now() - make_interval(secs => ${PROBE_SECONDS}) as ready
    from webhook w left join lateral (select next_at from webhook_delivery where webhook_id = w.id and lease is not null and next_at > now()
      order by next_at limit ${PROMPT.each + SLOW.each}) d on true
    where w.status = 'ACTIVE' group by w.id),
  lane as materialized (select l.slow, l.each, l.most - coalesce(sum(b.n), 0) as room
    from (values (false, ${PROMPT.each}, ${PROMPT.all}), (true, ${SLOW.each}, ${SLOW.all})) l (slow, each, most)
      left join busy b on b.slow = l.slow group by l.slow, l.each, l.most),
  due as (select p.id, p.next_at, l.room, row_number() over (partition by l.slow order by p.next_at, p.id) as place
    from busy b join lane l on l.slow = b.slow
      cross join lateral (select id, next_at from webhook_delivery where webhook_id = b.id and state = 'PENDING' and next_at <= now()
        order by next_at, id limit greatest(l.each - b.n, 0)) p
    where l.room > 0 and b.ready),
  chosen as materialized (select id from due where place <= room order by next_at, id limit $1),
  free as (select f.id from chosen c
    cross join lateral (select id from webhook_delivery where id = c.id and state = 'PENDING' and next_at <= now() for update skip locked) f)
  update webhook_delivery d set lease = $2, held = false, next_at = now() + make_interval(secs => ${LEASE_SECONDS})
    from free, webhook w where d.id = free.id and w.id = d.webhook_id
  returning d.id, d.webhook_id as "webhookId", w.workspace_id as "workspaceId", d.event_id as "eventId", d.subject, d.lease, d.attempts, d.payload,
    w.form, w.url, w.bearer, w.failing_since is not null as failing, array_remove(array[w.secret, case when w.previous_until > now() then w.previous_secret end], null) as secrets`;

/** Who may send what, and for how long. Times are the database's. */
@Injectable()
export class DeliveryClaimsStore {
  /** Takes up to `room` due deliveries under the mark `lease`. */
  async claim(tx: Tx, room: number, lease: string): Promise<ClaimedDelivery[]> {
    // One claims at a time, over all processes: else two that count together go over the limits together. A plan that was kept from when little waited
    // would read all that waits.
    await tx.query(`select pg_advisory_xact_lock($1), set_config('plan_cache_mode', 'force_custom_plan', true)`, [CLAIM_LOCK]);
    return tx.query<ClaimedDelivery>(CLAIM, [room, lease]);
  }

  /** Keeps the body of a delivery before it is sent, so that every try has the same; by compare-and-set. False when another has the delivery now. */
  async keep(tx: Tx, { id, lease }: ClaimedDelivery, payload: string): Promise<boolean> {
    const rows = await tx.query(
      `update webhook_delivery set payload = $3 where id = $1 and lease = $2 and state = 'PENDING' and payload is null returning 1`,
      [id, lease, payload],
    );
    return rows.length > 0;
  }

  /** Gives a delivery back as if it had not been claimed. */
  async release(tx: Tx, claimed: ClaimedDelivery): Promise<void> {
    await tx.query(
      `update webhook_delivery set lease = null, next_at = now() where id = $1 and lease = $2 and state = 'PENDING'`,
      [claimed.id, claimed.lease],
    );
  }

  /** Notes on the webhook whether a try arrived. What arrives writes only where that is news. */
  async noteHealth(tx: Tx, { webhookId, failing }: ClaimedDelivery, arrived: boolean): Promise<void> {
    if (arrived && !failing) return;
    await tx.query(
      'update webhook set failing_since = case when $2 then null else coalesce(failing_since, now()) end, failed_at = case when $2 then failed_at else now() end where id = $1',
      [webhookId, arrived],
    );
  }
}
