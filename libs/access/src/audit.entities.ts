import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * Insert-only for the application, in partitions by month of `at`. `outcome` is `done` or `refused`; `count` how many times it was so within a minute. The id
 * is that of the row's event, under a prefix of its own.
 */
@Entity('audit_log')
@Index('audit_log_workspace', ['workspaceId', 'id'])
@Index('audit_log_subject', ['subjectId'])
@Index('audit_log_eventless', ['id'], { where: 'event_id is null' })
export class AuditEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @PrimaryColumn('timestamptz', { default: () => 'clock_timestamp()' }) at!: Date;
  @Column('text') actor!: string;
  @Column('text', { nullable: true }) memberId!: string | null;
  @Column('text', { nullable: true }) tokenId!: string | null;
  @Column('text', { nullable: true }) address!: string | null;
  @Column('text') action!: string;
  @Column('text') subjectKind!: string;
  @Column('text') subjectId!: string;
  @Column('text') outcome!: 'done' | 'refused';
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('int', { default: 1 }) count!: number;
  @Column('jsonb', { nullable: true }) before!: unknown;
  @Column('jsonb', { nullable: true }) after!: unknown;
  @Column('text') correlationId!: string;
  @Column('text', { nullable: true }) causationId!: string | null;
  @Column('text', { nullable: true }) eventId!: string | null;
}

/** A link of a workspace's chain; insert-only for the application, in the partitions of the rows that they stand for. */
@Entity('audit_chain')
@Index('audit_chain_audit', ['auditId'])
export class AuditChainEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('bigint') position!: string;
  @Column('text') auditId!: string;
  @PrimaryColumn('timestamptz') at!: Date;
  @Column('text') previousHash!: string;
  @Column('text') hash!: string;
}

/** What retention dropped, signed; the application only reads it. */
@Entity('audit_checkpoint')
@Index('audit_checkpoint_workspace', ['workspaceId', 'id'])
export class AuditCheckpointEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
  @Column('text') body!: string;
  @Column('text') signature!: string;
}
