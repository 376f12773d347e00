import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { TriggerAction } from './model/action.js';
import type { Cause } from './model/cause.js';
import type { ExecutionState } from './model/execution.js';
import type { Facts } from './model/facts.js';
import type { Concurrency, Dedupe, StoredFilter } from './model/trigger.js';

@Entity('trigger')
@Check('trigger_concurrency', "concurrency in ('newest', 'queue', 'skip')")
@Index('trigger_name_live', ['workspaceId', 'name'], { unique: true, where: 'deleted_at is null' })
@Index('trigger_listens', ['workspaceId', 'eventType'], { where: 'enabled and deleted_at is null' })
@Index('trigger_due', ['nextFireAt'], { where: 'next_fire_at is not null' })
export class TriggerEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  @Column('jsonb') filter!: StoredFilter;
  @Column('jsonb') action!: TriggerAction;
  /** False while it is paused. */
  @Column('bool', { default: true }) enabled!: boolean;
  /** Member whose rights the trigger acts with. */
  @Column('text') ownerId!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  /** Type of the log that it waits for; null for schedules and incoming webhooks. */
  @Column('text', { nullable: true }) eventType!: string | null;
  @Column('text', { default: 'queue' }) concurrency!: Concurrency;
  @Column('int', { default: 0 }) cooldownSeconds!: number;
  @Column('jsonb', { nullable: true }) dedupe!: Dedupe | null;
  @Column('int', { default: 8 }) maxHops!: number;
  /** Member who last changed it; null while it is as its owner made it. */
  @Column('text', { nullable: true }) updatedBy!: string | null;
  /** Member who made the secret of its incoming webhook, and so can make it fire; null: its owner. */
  @Column('text', { nullable: true }) secretBy!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) lastFiredAt!: Date | null;
  /** When its schedule is due next, by the database's clock; to the millisecond, since it is claimed by comparing it. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) nextFireAt!: Date | null;
}

/** In clear, since it must sign; read by those who send and verify only. */
@Entity('trigger_secret')
@Check('trigger_secret_kind', "kind in ('incoming', 'signing', 'url')")
export class TriggerSecretEntity {
  @PrimaryColumn('text') triggerId!: string;
  @PrimaryColumn('text') kind!: 'incoming' | 'signing' | 'url';
  @Column('text', { select: false }) value!: string;
  @Column('text', { nullable: true, select: false }) previous!: string | null;
  @Column('timestamptz', { nullable: true }) previousUntil!: Date | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

/** One per (trigger, cause), and one more for each replay: five deliveries of an event are one execution. */
@Entity('trigger_execution')
@Index('trigger_execution_cause', ['triggerId', 'eventId'], { unique: true, where: 'replay_of is null' })
@Index('trigger_execution_list', ['triggerId', 'id'])
@Index('trigger_execution_open', ['triggerId', 'id'], { where: "state in ('WAITING', 'FIRED', 'RUNNING')" })
@Index('trigger_execution_started', ['startedId'], { where: "state = 'RUNNING'" })
@Index('trigger_execution_key', ['triggerId', 'dedupeKey', 'at'], { where: 'dedupe_key is not null' })
@Index('trigger_execution_ended', ['endedAt'], { where: 'ended_at is not null' })
export class ExecutionEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') triggerId!: string;
  /** Id of the cause: an event, `schedule/<time>` or `incoming/<webhook-id>`. */
  @Column('text') eventId!: string;
  @Column('text') state!: ExecutionState;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('jsonb', { nullable: true }) outcome!: Record<string, string> | null;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
  /** Null for executions that are older than this column: the log has their event. */
  @Column('jsonb', { nullable: true }) cause!: Cause | null;
  @Column('jsonb', { nullable: true }) facts!: Facts | null;
  @Column('text', { nullable: true }) dedupeKey!: string | null;
  @Column('text', { nullable: true }) replayOf!: string | null;
  /** Member who asked for the replay. */
  @Column('text', { nullable: true }) requestedBy!: string | null;
  @Column('text', { nullable: true }) supersededBy!: string | null;
  /** Event by which it was handed to the actor. */
  @Column('text', { nullable: true }) firedEvent!: string | null;
  @Column('timestamptz', { nullable: true }) firedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) actedAt!: Date | null;
  /** What it started and what has not ended while it is RUNNING: a training job, an evaluation. */
  @Column('text', { nullable: true }) startedId!: string | null;
  /** Tries of a call to the outside. */
  @Column('int', { default: 0 }) tries!: number;
}

@Entity('metric_window')
@Index('metric_window_age', ['updatedAt'])
export class MetricWindowEntity {
  @PrimaryColumn('text') runId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('float8', { array: true }) points!: number[];
  @Column('bigint') sequence!: string;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
}
