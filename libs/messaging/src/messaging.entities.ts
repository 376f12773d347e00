import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The log. A row is written last in the transaction of its change; only the relay sets `sequence`. */
@Entity('event_log')
@Index('event_log_unnumbered', ['pos'], { where: 'sequence is null' })
@Index('event_log_sequence', ['sequence'], { unique: true })
@Index('event_log_type', ['type', 'sequence'])
export class EventLogEntity {
  @PrimaryColumn({ type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' }) pos!: string;
  @Column('text', { unique: true }) id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') type!: string;
  @Column('text') subject!: string;
  @Column('jsonb') data!: Record<string, unknown>;
  @Column('timestamptz', { default: () => 'clock_timestamp()' }) time!: Date;
  @Column('bigint', { nullable: true }) sequence!: string | null;
  @Column('text') correlationId!: string;
  @Column('text', { nullable: true }) causationId!: string | null;
  @Column('int', { default: 0 }) hops!: number;
  @Column('text') authId!: string;
}

/** One row: what the relay has numbered and handed to the queues, what the sweeper has found done, and what retention has dropped. */
@Entity('relay_state')
export class RelayStateEntity {
  @PrimaryColumn('int') id!: number;
  @Column('bigint', { default: 0 }) lastSequence!: string;
  @Column('bigint', { default: 0 }) dispatchedThrough!: string;
  @Column('bigint', { default: 0 }) sweptThrough!: string;
  @Column('bigint', { default: 0 }) prunedThrough!: string;
}

/** How far a consumer of every type has read; moves in the transaction of its effect. */
@Entity('log_cursor')
export class LogCursorEntity {
  @PrimaryColumn('text') consumer!: string;
  @Column('bigint', { default: 0 }) position!: string;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
}

/** One row per (event, subscriber) that ended: `done` in the transaction of the effect, or `dead` with its reason. */
@Entity('inbox')
@Index('inbox_dead', ['at'], { where: "state = 'dead'" })
export class InboxEntity {
  @PrimaryColumn('text') subscriber!: string;
  @PrimaryColumn('text') eventId!: string;
  @Column('text') state!: 'done' | 'dead';
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
}
