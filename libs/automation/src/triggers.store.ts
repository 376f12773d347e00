import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { TriggerEntity, type TriggerSecretEntity } from './automation.entities.js';

export type SecretKind = TriggerSecretEntity['kind'];

/** What makes a trigger; its times are the database's. */
export type TriggerDefinition = Pick<
  TriggerEntity,
  'name' | 'project' | 'filter' | 'action' | 'eventType' | 'concurrency' | 'cooldownSeconds' | 'dedupe' | 'maxHops' | 'nextFireAt'
>;

/** Rows of triggers and their secrets. */
@Injectable()
export class TriggersStore {
  /** False when the name is taken. */
  async insert(tx: Tx, row: TriggerDefinition & { id: string; workspaceId: string; ownerId: string }): Promise<boolean> {
    const rows = await tx.query(
      `insert into trigger (id, workspace_id, owner_id, name, project, filter, action, event_type, concurrency, cooldown_seconds, dedupe, max_hops, next_fire_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       on conflict (workspace_id, name) where deleted_at is null do nothing returning 1`,
      [row.id, row.workspaceId, row.ownerId, ...definitionValues(row)],
    );
    return rows.length > 0;
  }

  /** A trigger that is not deleted; its row is locked until the transaction ends. */
  lock(tx: Tx, workspaceId: string, id: string): Promise<TriggerEntity | null> {
    return tx.first(TriggerEntity, 'where workspace_id = $1 and id = $2 and deleted_at is null for no key update', [
      workspaceId,
      id,
    ]);
  }

  /** Also a deleted one, for what its executions still have to say. */
  lockAny(tx: Tx, id: string): Promise<TriggerEntity | null> {
    return tx.first(TriggerEntity, 'where id = $1 for no key update', [id]);
  }

  find(tx: Tx, id: string): Promise<TriggerEntity | null> {
    return tx.first(TriggerEntity, 'where id = $1', [id]);
  }

  /** Those of the triggers that are not deleted, locked in one order, so that two who lock several do not wait for each other. */
  lockAll(tx: Tx, ids: readonly string[]): Promise<TriggerEntity[]> {
    return tx.em
      .createQueryBuilder(TriggerEntity, 't')
      .where('t.id = any(:ids) and t.deletedAt is null', { ids })
      .orderBy('t.id')
      .setLock('for_no_key_update')
      .getMany();
  }

  /** Triggers that wait for events of these types, in these workspaces. */
  listening(tx: Tx, workspaceIds: readonly string[], eventTypes: readonly string[]): Promise<TriggerEntity[]> {
    return tx.em
      .createQueryBuilder(TriggerEntity, 't')
      .where('t.workspaceId = any(:workspaceIds) and t.eventType = any(:eventTypes)', { workspaceIds, eventTypes })
      .andWhere('t.enabled and t.deletedAt is null')
      .orderBy('t.id')
      .getMany();
  }

  /** False when the name is taken by another. The caller holds the row lock. */
  async change(tx: Tx, id: string, definition: TriggerDefinition, by: string): Promise<boolean> {
    const rows = await tx.query(
      `update trigger t set name = $3, project = $4, filter = $5, action = $6, event_type = $7, concurrency = $8, cooldown_seconds = $9, dedupe = $10,
         max_hops = $11, next_fire_at = $12, updated_by = $2, updated_at = now()
       where id = $1 and not exists (select 1 from trigger o where o.workspace_id = t.workspace_id and o.name = $3 and o.id <> t.id and o.deleted_at is null) returning 1`,
      [id, by, ...definitionValues(definition)],
    );
    return rows.length > 0;
  }

  /** Another owner, who vouches for it as it is; who made the secret by which it is fired still has a hand in it. */
  async takeOver(tx: Tx, id: string, by: string): Promise<void> {
    await tx.query(
      `update trigger set owner_id = $2, updated_by = null, updated_at = now(),
         secret_by = case when filter ->> 'kind' = 'incoming' then coalesce(secret_by, owner_id) end where id = $1`,
      [id, by],
    );
  }

  async setEnabled(tx: Tx, id: string, enabled: boolean, nextFireAt: Date | null): Promise<void> {
    await tx.query('update trigger set enabled = $2, next_fire_at = $3, updated_at = now() where id = $1', [
      id,
      enabled,
      nextFireAt,
    ]);
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.query('update trigger set deleted_at = now(), next_fire_at = null where id = $1', [id]);
    await tx.query('delete from trigger_secret where trigger_id = $1', [id]);
  }

  async fired(tx: Tx, id: string, at: Date): Promise<void> {
    await tx.query('update trigger set last_fired_at = $2 where id = $1', [id, at]);
  }

  /** Schedules that are due by the database's clock. */
  due(tx: Tx, limit: number): Promise<{ id: string; nextFireAt: Date; now: Date }[]> {
    return tx.query(
      `select id, next_fire_at as "nextFireAt", clock_timestamp() as now from trigger
       where next_fire_at <= clock_timestamp() and enabled and deleted_at is null order by next_fire_at limit $1`,
      [limit],
    );
  }

  /** Moves a schedule on, by compare-and-set on the time that was due: of two schedulers, one does. */
  async claimDue(tx: Tx, id: string, due: Date, next: Date | null): Promise<boolean> {
    const rows = await tx.query(
      `update trigger set next_fire_at = $3 where id = $1 and next_fire_at = $2 and enabled and deleted_at is null returning 1`,
      [id, due, next],
    );
    return rows.length > 0;
  }

  async now(tx: Tx): Promise<Date> {
    const [row] = await tx.query<{ now: Date }>('select clock_timestamp() as now');
    return row!.now;
  }

  async setSecret(tx: Tx, triggerId: string, kind: SecretKind, value: string): Promise<void> {
    await tx.query(
      `insert into trigger_secret (trigger_id, kind, value) values ($1, $2, $3)
       on conflict (trigger_id, kind) do update set value = excluded.value, previous = null, previous_until = null, created_at = now()`,
      [triggerId, kind, value],
    );
  }

  /** A new value; the one before is good for `graceSeconds` more. False when there is none. */
  async rotateSecret(tx: Tx, triggerId: string, kind: SecretKind, value: string, graceSeconds: number): Promise<boolean> {
    const rows = await tx.query(
      `update trigger_secret set previous = value, previous_until = now() + make_interval(secs => $4), value = $3, created_at = now()
       where trigger_id = $1 and kind = $2 returning 1`,
      [triggerId, kind, value, graceSeconds],
    );
    return rows.length > 0;
  }

  /** Remembers who made the secret of the incoming webhook. */
  async setSecretBy(tx: Tx, triggerId: string, memberId: string | null): Promise<void> {
    await tx.query('update trigger set secret_by = $2 where id = $1', [triggerId, memberId]);
  }

  async dropSecrets(tx: Tx, triggerId: string, kinds: readonly SecretKind[]): Promise<void> {
    await tx.query('delete from trigger_secret where trigger_id = $1 and kind = any($2)', [triggerId, kinds]);
  }

  /** The value of a secret, then the one before it while that is good. */
  async secrets(tx: Tx, triggerId: string, kind: SecretKind): Promise<string[]> {
    return (await this.allSecrets(tx, triggerId)).get(kind) ?? [];
  }

  /** The same of every kind that the trigger has. */
  async allSecrets(tx: Tx, triggerId: string): Promise<Map<SecretKind, string[]>> {
    const rows = await tx.query<{ kind: SecretKind; value: string; previous: string | null }>(
      `select kind, value, case when previous_until > now() then previous end as previous from trigger_secret where trigger_id = $1`,
      [triggerId],
    );
    return new Map(rows.map(({ kind, value, previous }) => [kind, [value, ...(previous ? [previous] : [])]]));
  }
}

function definitionValues(row: TriggerDefinition): unknown[] {
  const { name, project, filter, action, eventType, concurrency, cooldownSeconds, dedupe, maxHops, nextFireAt } = row;
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  return [name, project, json(filter), json(action), eventType, concurrency, cooldownSeconds, json(dedupe), maxHops, nextFireAt];
}
