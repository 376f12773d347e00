import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('lineage_node')
export class LineageNodeEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('text') id!: string;
  @Column('text') kind!: string;
  @Column('text') label!: string;
  @Column('timestamptz') at!: Date;
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
  @Column('timestamptz') at!: Date;
}
