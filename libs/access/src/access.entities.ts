import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Role } from './model/permissions.js';

@Entity('workspace')
export class WorkspaceEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text', { unique: true }) name!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('member')
@Index('member_name', ['workspaceId', 'name'], { unique: true })
export class MemberEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') name!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  /** Since when it has neither grants nor tokens any more; its name stays its own. */
  @Column('timestamptz', { nullable: true }) removedAt!: Date | null;
}

@Entity('member_grant')
export class MemberGrantEntity {
  @PrimaryColumn('text') memberId!: string;
  @PrimaryColumn('text') path!: string;
  @Column('text') role!: Role;
}

/** A token is kept as the SHA-256 of its text, which holds 256 random bits. */
@Entity('token')
@Index('token_hash', ['hash'], { unique: true })
export class TokenEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text', { nullable: true }) memberId!: string | null;
  @Column('text') name!: string;
  @Column('text') hash!: string;
  @Column('text') scope!: string;
  @Column('timestamptz', { nullable: true }) expiresAt!: Date | null;
  @Column('timestamptz', { nullable: true }) revokedAt!: Date | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('idempotency_key')
@Index('idempotency_key_age', ['createdAt'])
export class IdempotencyKeyEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('text') authId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('text') requestHash!: string;
  @Column('jsonb', { nullable: true }) result!: unknown;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}
