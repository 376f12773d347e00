import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What signs the questions to a workspace's own checks; kept in clear, since it must sign, and read by those who ask only. */
@Entity('check_secret')
export class CheckSecretEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @Column('text', { select: false }) secret!: string;
  /** The secret before, which signs too until `previousUntil`. */
  @Column('text', { nullable: true, select: false }) previousSecret!: string | null;
  @Column('timestamptz', { nullable: true }) previousUntil!: Date | null;
  @Column('text') updatedBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
}
