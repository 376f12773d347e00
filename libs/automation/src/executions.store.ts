import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { ExecutionEntity } from './automation.entities.js';
import { EXECUTION_LIFE, type ExecutionState } from './model/execution.js';
import type { Standing } from './model/turnstile.js';
import { statesBefore } from '#kernel';

export type NewExecution = Pick<
  ExecutionEntity,
  'id' | 'workspaceId' | 'triggerId' | 'eventId' | 'cause' | 'facts' | 'dedupeKey' | 'replayOf' | 'requestedBy'
> & { state: ExecutionState; reason: string | null; supersededBy: string | null; firedEvent: string | null };

export interface TriggerStanding extends Standing {
  readonly triggerId: string;
  readonly now: Date;
}

/** What an execution becomes; undefined stays as it is. */
export interface ExecutionPatch {
  readonly reason?: string;
  readonly outcome?: Readonly<Record<string, string>>;
  readonly startedId?: string;
  readonly firedEvent?: string;
}

/** Rows of executions. Every change of state is a compare-and-set from the states that may come before it. */
@Injectable()
export class ExecutionsStore {
  async insert(tx: Tx, rows: readonly NewExecution[]): Promise<void> {
    if (rows.length === 0) return;
    await tx.query(
      `insert into trigger_execution (id, workspace_id, trigger_id, event_id, cause, facts, dedupe_key, replay_of, requested_by, state, reason, superseded_by,
         fired_event, fired_at, ended_at)
       select r.id, r.workspace_id, r.trigger_id, r.event_id, r.cause, r.facts, r.dedupe_key, r.replay_of, r.requested_by, r.state, r.reason, r.superseded_by,
         r.fired_event, case when r.state = 'FIRED' then clock_timestamp() end, case when r.state = 'SKIPPED' then clock_timestamp() end
       from jsonb_to_recordset($1) as r(id text, workspace_id text, trigger_id text, event_id text, cause jsonb, facts jsonb, dedupe_key text, replay_of text,
         requested_by text, state text, reason text, superseded_by text, fired_event text)`,
      [JSON.stringify(rows.map(toRecord))],
    );
  }

  find(tx: Tx, workspaceId: string, id: string): Promise<ExecutionEntity | null> {
    return tx.first(ExecutionEntity, 'where workspace_id = $1 and id = $2', [workspaceId, id]);
  }

  /** Moves one execution on. False when it is not in a state from which it may, or goes on elsewhere already. */
  async move(tx: Tx, id: string, to: ExecutionState, patch: ExecutionPatch = {}): Promise<boolean> {
    const rows = await tx.query(
      `update trigger_execution set state = $2, reason = coalesce($4, reason), outcome = coalesce($5::jsonb, outcome), started_id = coalesce($6, started_id),
         fired_event = coalesce($7, fired_event), fired_at = case when $2 = 'FIRED' then clock_timestamp() else fired_at end,
         acted_at = case when $2 in ('RUNNING', 'COMPLETED') then coalesce(acted_at, clock_timestamp()) else acted_at end,
         ended_at = case when $2 in ('COMPLETED', 'FAILED', 'SKIPPED') then clock_timestamp() end
       where id = $1 and state = any($3) returning 1`,
      [
        id,
        to,
        statesBefore(EXECUTION_LIFE, to),
        patch.reason ?? null,
        patch.outcome ? JSON.stringify(patch.outcome) : null,
        patch.startedId ?? null,
        patch.firedEvent ?? null,
      ],
    );
    return rows.length > 0;
  }

  /** Of executions that wait, each with the one that takes its place and why. */
  async supersede(tx: Tx, ids: readonly string[], by: readonly string[], reasons: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await tx.query(
      `update trigger_execution x set state = 'SKIPPED', reason = s.reason, superseded_by = s.by, ended_at = clock_timestamp()
       from unnest($1::text[], $2::text[], $3::text[]) as s(id, by, reason) where x.id = s.id and x.state = 'WAITING'`,
      [ids, by, reasons],
    );
  }

  /** What waits for a trigger that is gone. */
  async skipWaiting(tx: Tx, triggerId: string, reason: string): Promise<void> {
    await tx.query(
      "update trigger_execution set state = 'SKIPPED', reason = $2, ended_at = clock_timestamp() where trigger_id = $1 and state = 'WAITING'",
      [triggerId, reason],
    );
  }

  /** Where each trigger stands; the caller holds the locks of their rows. */
  standings(tx: Tx, triggerIds: readonly string[]): Promise<TriggerStanding[]> {
    return tx.query(
      `select t.id as "triggerId", clock_timestamp() as now, t.last_fired_at as "lastFiredAt",
         (select x.id from trigger_execution x where x.trigger_id = t.id and x.state in ('FIRED', 'RUNNING') limit 1) as active,
         array(select x.id from trigger_execution x where x.trigger_id = t.id and x.state = 'WAITING' order by x.id) as waiting
       from trigger t where t.id = any($1)`,
      [triggerIds],
    );
  }

  /** Executions that a cause has made already, by `<trigger> <cause>`. */
  async known(tx: Tx, triggerIds: readonly string[], causeIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await tx.query<{ id: string; triggerId: string; eventId: string }>(
      `select x.id, x.trigger_id as "triggerId", x.event_id as "eventId" from unnest($1::text[], $2::text[]) as p(t, e)
         join trigger_execution x on x.trigger_id = p.t and x.event_id = p.e and x.replay_of is null`,
      [triggerIds, causeIds],
    );
    return new Map(rows.map((row) => [`${row.triggerId} ${row.eventId}`, row.id]));
  }

  /** The last execution with each key within its window, by `<trigger> <key>`; skipped ones stand for nothing. */
  async recent(
    tx: Tx,
    triggerIds: readonly string[],
    keys: readonly string[],
    windows: readonly number[],
  ): Promise<Map<string, string>> {
    if (keys.length === 0) return new Map();
    const rows = await tx.query<{ id: string; triggerId: string; key: string }>(
      `select p.t as "triggerId", p.k as key, x.id from (select distinct * from unnest($1::text[], $2::text[], $3::int[]) as u(t, k, s)) p
         cross join lateral (select id from trigger_execution where trigger_id = p.t and dedupe_key = p.k and state <> 'SKIPPED' and replay_of is null
           and at > clock_timestamp() - make_interval(secs => p.s) order by at desc limit 1) x`,
      [triggerIds, keys, windows],
    );
    return new Map(rows.map((row) => [`${row.triggerId} ${row.key}`, row.id]));
  }

  /** Triggers with something that waits and nothing that holds it back. */
  async releasable(tx: Tx, limit: number): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `select t.id from (select distinct trigger_id from trigger_execution where state = 'WAITING') w join trigger t on t.id = w.trigger_id
       where t.enabled and t.deleted_at is null
         and (t.last_fired_at is null or t.last_fired_at + make_interval(secs => t.cooldown_seconds) <= clock_timestamp())
         and not exists (select 1 from trigger_execution x where x.trigger_id = t.id and x.state in ('FIRED', 'RUNNING')) limit $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** RUNNING executions of what was started under this id. */
  running(tx: Tx, startedId: string): Promise<ExecutionEntity[]> {
    return tx.em.findBy(ExecutionEntity, { startedId, state: 'RUNNING' });
  }

  /** Executions that have been RUNNING for a while, and FIRED ones that nobody has acted on for as long. */
  stale(tx: Tx, state: 'RUNNING' | 'FIRED', seconds: number, limit: number): Promise<ExecutionEntity[]> {
    return tx.em
      .createQueryBuilder(ExecutionEntity, 'x')
      .where(`x.state = :state and coalesce(x.actedAt, x.firedAt, x.at) < clock_timestamp() - make_interval(secs => :seconds)`, {
        state,
        seconds,
      })
      .orderBy('random()')
      .limit(limit)
      .getMany();
  }

  /** Counts a try of a call to the outside; answers how many there were. */
  async tried(tx: Tx, id: string): Promise<number> {
    const [row] = await tx.query<{ tries: number }>(
      'update trigger_execution set tries = tries + 1 where id = $1 returning tries',
      [id],
    );
    return row?.tries ?? 0;
  }

  /** Forgets executions that ended so long ago, and values of metrics that nobody logged since. */
  async dropOld(tx: Tx, days: number): Promise<number> {
    const rows = await tx.query(
      `delete from trigger_execution where id in
         (select id from trigger_execution where ended_at < now() - make_interval(days => $1) limit 5000) returning 1`,
      [days],
    );
    await tx.query('delete from metric_window where updated_at < now() - make_interval(days => $1)', [days]);
    return rows.length;
  }
}

function toRecord(row: NewExecution): Record<string, unknown> {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    trigger_id: row.triggerId,
    event_id: row.eventId,
    cause: row.cause,
    facts: row.facts,
    dedupe_key: row.dedupeKey,
    replay_of: row.replayOf,
    requested_by: row.requestedBy,
    state: row.state,
    reason: row.reason,
    superseded_by: row.supersededBy,
    fired_event: row.firedEvent,
  };
}
