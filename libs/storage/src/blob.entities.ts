import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A blob that a workspace holds. Two workspaces that hold the same content have a row each. */
@Entity('blob')
@Index('blob_collected', ['collectedAt'], { where: 'collected_at is not null' })
export class BlobEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('text') sha256!: string;
  @Column('bigint') size!: string;
  /** When it was put, or asked for before a reference to it, the last time. */
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  /** Set: nothing refers to it, and its content is about to go. */
  @Column('timestamptz', { nullable: true }) collectedAt!: Date | null;
}

/** What one turn of the collection removed in a workspace, and how much that was due is kept because something stands on it. */
@Entity('collection_report')
export class CollectionReportEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('timestamptz', { default: () => 'clock_timestamp()' }) at!: Date;
  @Column('int') runs!: number;
  @Column('int') experiments!: number;
  @Column('int') loggedModels!: number;
  @Column('int') blobs!: number;
  @Column('bigint') bytes!: string;
  @Column('int') kept!: number;
}
