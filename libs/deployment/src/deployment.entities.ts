import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Chain } from '#access';
import type { Signature } from '#contracts';

export type RevisionState = 'PENDING' | 'READY' | 'RETIRED' | 'FAILED';

@Entity('endpoint')
@Index('endpoint_name', ['workspaceId', 'name'], { unique: true })
@Index('endpoint_follows', ['modelId', 'stage'])
export class EndpointEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  /** `follows`: what stands in this stage of this model is served. */
  @Column('text') modelId!: string;
  @Column('text') stage!: string;
  @Column('text', { nullable: true }) desiredRevisionId!: string | null;
  @Column('int', { default: 0 }) lastNumber!: number;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('endpoint_revision')
@Index('endpoint_revision_number', ['endpointId', 'number'], { unique: true })
@Index('endpoint_revision_version', ['modelVersionId'])
export class RevisionEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') endpointId!: string;
  @Column('int') number!: number;
  @Column('text') modelVersionId!: string;
  @Column('int') modelVersion!: number;
  @Column('text') onnxBlob!: string;
  @Column('jsonb') signature!: Signature;
  @Column('text', { default: 'PENDING' }) state!: RevisionState;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) readyAt!: Date | null;
  /** Chain of causes that it belongs to: what nodes say of it goes on with that. */
  @Column('jsonb', { nullable: true }) chain!: Chain | null;
  /** When it was left for what was served before: from then on it is no place to go back to. */
  @Column('timestamptz', { nullable: true }) rolledBackAt!: Date | null;
}
