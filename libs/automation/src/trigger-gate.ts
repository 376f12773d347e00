import { Injectable } from '@nestjs/common';
import { createCtx, Journal, type Ctx } from '#access';
import type { Tx } from '#database';
import { canonicalJson, newId, sha256, type Json } from '#kernel';
import type { TriggerEntity } from './automation.entities.js';
import { ExecutionsStore, type NewExecution, type TriggerStanding } from './executions.store.js';
import type { Cause } from './model/cause.js';
import { lookUp } from './model/evaluate-condition.js';
import type { ExecutionState } from './model/execution.js';
import type { Facts } from './model/facts.js';
import type { Dedupe } from './model/trigger.js';
import { supersededReason, Turnstile, type Verdict } from './model/turnstile.js';
import { TriggersStore } from './triggers.store.js';

/** A cause that a trigger listens to and whose condition holds. */
export interface Admission {
  readonly triggerId: string;
  readonly cause: Cause;
  readonly facts: Facts | null;
  /** Why it is written down and not carried out. */
  readonly skip?: string;
  /** Asked for by a person, who is to be named in the log. */
  readonly replay?: { readonly of: string; readonly ctx: Ctx; readonly memberId: string };
}

/** What became of an admission; `duplicate` when its cause has made that execution before. */
export interface Admitted {
  readonly executionId: string;
  readonly state?: ExecutionState;
  readonly reason?: string | null;
  readonly duplicate: boolean;
}

/**
 * Steps by which causes become executions: all under the lock of the trigger's row and in the caller's transaction, so that two processes, or one that is
 * killed, never fire twice and never lose what waits.
 */
@Injectable()
export class TriggerGate {
  constructor(
    private readonly triggers: TriggersStore,
    private readonly executions: ExecutionsStore,
    private readonly journal: Journal,
  ) {}

  /** In the order given; undefined for a trigger that is paused or gone. A batch of a thousand costs a handful of statements. */
  async admit(tx: Tx, admissions: readonly Admission[]): Promise<(Admitted | undefined)[]> {
    if (admissions.length === 0) return [];
    const ids = [...new Set(admissions.map(({ triggerId }) => triggerId))].sort();
    const triggers = new Map((await this.triggers.lockAll(tx, ids)).map((trigger) => [trigger.id, trigger]));
    const live = admissions.filter(({ triggerId }) => triggers.get(triggerId)?.enabled);
    const known = await this.executions.known(
      tx,
      live.map(({ triggerId }) => triggerId),
      live.map(({ cause }) => cause.id),
    );
    const keyed = live.flatMap(({ triggerId, cause }) => {
      const dedupe = triggers.get(triggerId)!.dedupe;
      return dedupe ? [{ triggerId, key: dedupeKey(dedupe, cause), window: dedupe.windowSeconds }] : [];
    });
    const recent = await this.executions.recent(
      tx,
      keyed.map(({ triggerId }) => triggerId),
      keyed.map(({ key }) => key),
      keyed.map(({ window }) => window),
    );
    const standings = await this.executions.standings(tx, [...triggers.keys()]);
    const rooms = new Map(
      standings.map((standing) => [standing.triggerId, new Room(triggers.get(standing.triggerId)!, standing)]),
    );
    const admitted = admissions.map((admission) =>
      triggers.get(admission.triggerId)?.enabled ? rooms.get(admission.triggerId)!.take(admission, known, recent) : undefined,
    );
    for (const room of rooms.values()) await this.write(tx, room);
    return admitted.map((one) => one && { ...one, ...finalState(rooms, one.executionId) });
  }

  /** Lets the next execution of a trigger go that waits, if nothing holds it back. */
  async release(tx: Tx, trigger: TriggerEntity): Promise<void> {
    if (!trigger.enabled || trigger.deletedAt) return;
    const [standing] = await this.executions.standings(tx, [trigger.id]);
    const room = new Room(trigger, standing!);
    if (room.turnstile.release(room.now)) await this.write(tx, room);
  }

  private async write(tx: Tx, room: Room): Promise<void> {
    const { trigger, turnstile, rows } = room;
    room.settle();
    for (const id of turnstile.released) await this.fire(tx, room, id);
    await this.executions.insert(
      tx,
      rows.map(({ row }) => row),
    );
    const old = [...turnstile.superseded].filter(([id]) => !room.has(id));
    await this.executions.supersede(
      tx,
      old.map(([id]) => id),
      old.map(([, by]) => by),
      old.map(([, by]) => supersededReason(by)),
    );
    if (turnstile.released.size > 0) await this.triggers.fired(tx, trigger.id, room.now);
    await this.saySkipped(tx, room, old);
  }

  private async fire(tx: Tx, room: Room, id: string): Promise<void> {
    const { trigger } = room;
    const entry = room.entry(id);
    const waiting = entry ? undefined : await this.executions.find(tx, trigger.workspaceId, id);
    const cause = entry?.row.cause ?? waiting?.cause;
    if (!cause) return;
    const firedEvent = await this.journal.record(tx, entry?.ctx ?? causedBy(trigger.workspaceId, cause), {
      event: 'trigger.fired',
      subject: { kind: 'trigger_execution', id },
      data: { triggerId: trigger.id, executionId: id, eventId: cause.id, subject: cause.subject },
    });
    if (entry) Object.assign(entry.row, { state: 'FIRED', firedEvent });
    else await this.executions.move(tx, id, 'FIRED', { firedEvent });
  }

  /** One event for each kind of reason, however many there are: the log of executions has each of them. */
  private async saySkipped(tx: Tx, { trigger, rows }: Room, old: readonly (readonly [string, string])[]): Promise<void> {
    const fresh = rows.filter(({ row }) => row.state === 'SKIPPED');
    const kinds = Map.groupBy(fresh, ({ row }) => row.reason!.split(':')[0]!);
    if (old.length > 0 && !kinds.has('superseded')) kinds.set('superseded', []);
    for (const [kind, entries] of kinds) {
      const last = entries.at(-1);
      const [oldId, by] = old.at(-1) ?? ['', ''];
      const executionId = last?.row.id ?? oldId;
      const reason = last?.row.reason ?? supersededReason(by);
      const count = entries.length + (kind === 'superseded' ? old.length : 0);
      const cause = last?.row.cause ?? rows.at(-1)!.row.cause!;
      await this.journal.record(tx, causedBy(trigger.workspaceId, cause), {
        event: 'trigger.skipped',
        subject: { kind: 'trigger_execution', id: executionId },
        data: { triggerId: trigger.id, executionId, eventId: cause.id, reason, count },
        reason,
      });
    }
  }
}

interface Entry {
  readonly row: NewExecution;
  readonly ctx: Ctx | undefined;
}

/** One trigger with what comes to it in a batch. */
class Room {
  readonly turnstile: Turnstile;
  readonly rows: Entry[] = [];
  readonly now: Date;
  private readonly byId = new Map<string, Entry>();
  private readonly keys = new Map<string, string>();

  constructor(
    readonly trigger: TriggerEntity,
    standing: TriggerStanding,
  ) {
    this.turnstile = new Turnstile(trigger, standing);
    this.now = standing.now;
  }

  has = (id: string): boolean => this.byId.has(id);
  entry = (id: string): Entry | undefined => this.byId.get(id);

  take(admission: Admission, known: Map<string, string>, recent: ReadonlyMap<string, string>): Admitted {
    const { triggerId, cause, facts, skip, replay } = admission;
    const place = `${triggerId} ${cause.id}`;
    const before = replay ? undefined : known.get(place);
    if (before) return { executionId: before, duplicate: true };
    const { dedupe, workspaceId } = this.trigger;
    const key = dedupe && !replay ? dedupeKey(dedupe, cause) : null;
    const id = newId('execution');
    const duplicateOf = key && (this.keys.get(key) ?? recent.get(`${triggerId} ${key}`));
    const verdict: Verdict = skip
      ? { state: 'SKIPPED', reason: skip }
      : this.turnstile.offer({ executionId: id, hops: cause.hops, duplicateOf, asked: Boolean(replay) }, this.now);
    if (!replay) known.set(place, id);
    if (key && verdict.state !== 'SKIPPED') this.keys.set(key, id);
    const row: NewExecution = {
      id,
      workspaceId,
      triggerId,
      eventId: cause.id,
      cause,
      facts,
      dedupeKey: key,
      replayOf: replay?.of ?? null,
      requestedBy: replay?.memberId ?? null,
      state: verdict.state === 'FIRED' ? 'WAITING' : verdict.state,
      reason: verdict.state === 'SKIPPED' ? verdict.reason : null,
      supersededBy: null,
      firedEvent: null,
    };
    const entry = { row, ctx: replay?.ctx };
    this.rows.push(entry);
    this.byId.set(id, entry);
    return { executionId: id, duplicate: false };
  }

  /** What took the place of another in the same batch. */
  settle(): void {
    for (const [id, by] of this.turnstile.superseded) {
      const entry = this.byId.get(id);
      if (entry) Object.assign(entry.row, { state: 'SKIPPED', reason: supersededReason(by), supersededBy: by });
    }
  }
}

function finalState(rooms: ReadonlyMap<string, Room>, id: string): { state?: ExecutionState; reason?: string | null } {
  for (const room of rooms.values()) {
    const entry = room.entry(id);
    if (entry) return { state: entry.row.state, reason: entry.row.reason };
  }
  return {};
}

/** Causes with the same values in the key's fields have the same key. */
function dedupeKey({ key }: Dedupe, cause: Cause): string {
  return sha256(canonicalJson(key.map((field) => (lookUp(cause.data, field.slice('data.'.length).split('.')) ?? null) as Json)));
}

/** The platform reacts to a cause, one step further down its chain. */
export function causedBy(workspaceId: string, cause: Cause): Ctx {
  const isEvent = cause.name !== 'schedule' && cause.name !== 'incoming';
  return createCtx(
    workspaceId,
    { kind: 'system', name: 'triggers' },
    { correlationId: cause.correlationId, causationId: isEvent ? cause.id : null, hops: cause.hops + 1 },
  );
}
