import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

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

/** Who sent a content, where that is what gives the right to it. */
@Entity('blob_sender')
export class BlobSenderEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('text') sha256!: string;
  @PrimaryColumn('text') authId!: string;
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

/** An upload that is still coming, or that became a blob a short time ago. */
@Entity('upload')
@Index('upload_expiry', ['expiresAt'])
@Index('upload_resumed', ['workspaceId', 'sha256', 'size', 'partSize', 'sender'], {
  unique: true,
  where: 'blob is null and sha256 is not null',
})
@Index('upload_owner', ['ownerId'], { where: "kind = 'WHOLE'" })
@Check('upload_kind', "kind in ('PARTS', 'WHOLE')")
export class UploadEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  /** Who may go on with it; empty: everybody who has a role on the whole workspace. */
  @Column('text', { default: '' }) sender!: string;
  /** `PARTS` that are completed, or a `WHOLE` that its sender puts into the object store and never mentions again. */
  @Column('text') kind!: string;
  @Column('text') handle!: string;
  @Column('bigint', { nullable: true }) size!: string | null;
  @Column('int', { nullable: true }) partSize!: number | null;
  @Column('text', { nullable: true }) sha256!: string | null;
  @Column('text', { nullable: true }) ownerId!: string | null;
  @Column('text', { nullable: true }) path!: string | null;
  @Column('text', { nullable: true }) blob!: string | null;
  @Column('bigint', { nullable: true }) blobSize!: string | null;
  @Column('text', { nullable: true }) etag!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz') expiresAt!: Date;
}
