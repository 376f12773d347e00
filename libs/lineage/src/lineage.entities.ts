import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Phase } from './graph-fold.js';

@Entity('lineage_node')
@Index('lineage_node_state', ['workspaceId', 'kind', 'state'])
@Index('lineage_node_kind', ['workspaceId', 'kind', 'id'])
export class LineageNodeEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('text') id!: string;
  @Column('text') kind!: string;
  /** Empty while no event has named it. */
  @Column('text') label!: string;
  @Column('bigint', { default: 0 }) labelSequence!: string;
  /** Null for what belongs to no project, like a blob or a program. */
  @Column('text', { nullable: true }) project!: string | null;
  @Column('timestamptz') at!: Date;
  /** Of the event that first spoke of it; 0 for one that the log did not hold any more when nodes got it. */
  @Column('bigint', { default: 0 }) sequence!: string;
  /** As the last of `phases` says. */
  @Column('text', { nullable: true }) state!: string | null;
  @Column('timestamptz', { nullable: true }) goneAt!: Date | null;
  /** Everything that it was, oldest first. */
  @Column('jsonb', { default: [] }) phases!: Phase[];
}

/** `from` rests on `to`: a model version -> the run that made it. */
@Entity('lineage_edge')
@Index('lineage_edge_reverse', ['workspaceId', 'toId'])
export class LineageEdgeEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('text') fromId!: string;
  @PrimaryColumn('text') toId!: string;
  @PrimaryColumn('text') relation!: string;
  @Column('text') eventId!: string;
  @Column('bigint', { default: 0 }) sequence!: string;
  @Column('timestamptz') at!: Date;
}
