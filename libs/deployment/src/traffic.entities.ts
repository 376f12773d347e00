import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a node has answered for a revision between a start and its end; sums. */
@Entity('revision_traffic')
export class RevisionTrafficEntity {
  @PrimaryColumn('text') revisionId!: string;
  @PrimaryColumn('text') nodeId!: string;
  @PrimaryColumn('text') bootId!: string;
  @Column('bigint') requests!: string;
  @Column('bigint') rows!: string;
  @Column('bigint') refused!: string;
  @Column('bigint') errors!: string;
  /** By LATENCY_BOUNDS_MS. */
  @Column('bigint', { array: true }) latency!: string[];
  @Column('jsonb') classes!: Record<string, number>;
  @Column('timestamptz', { default: () => 'now()' }) firstAt!: Date;
  @Column('timestamptz', { default: () => 'now()' }) lastAt!: Date;
}
