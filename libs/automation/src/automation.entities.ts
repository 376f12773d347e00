import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { TriggerAction, TriggerFilter } from './model/trigger.js';

@Entity('trigger')
@Index('trigger_name', ['workspaceId', 'name'], { unique: true })
export class TriggerEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  @Column('jsonb') filter!: TriggerFilter;
  @Column('jsonb') action!: TriggerAction;
  @Column('bool', { default: true }) enabled!: boolean;
  /** Member whose rights the trigger acts with. */
  @Column('text') ownerId!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

export type ExecutionState = 'FIRED' | 'COMPLETED' | 'SKIPPED' | 'FAILED';

/** One per (trigger, event): five deliveries of an event are one execution. */
@Entity('trigger_execution')
@Index('trigger_execution_event', ['triggerId', 'eventId'], { unique: true })
export class ExecutionEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') triggerId!: string;
  @Column('text') eventId!: string;
  @Column('text') state!: ExecutionState;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('jsonb', { nullable: true }) outcome!: Record<string, string> | null;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
}
