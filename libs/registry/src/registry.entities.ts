import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { EvaluationResult, GateResult, Signature, StageFlow } from '#contracts';
import type { RequestState } from './model/stage-rules.js';

/** READY unless a registration that is not done at once is under way or has failed. */
export type VersionStatus = 'READY' | 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION';

@Entity('model')
@Index('model_name', ['workspaceId', 'name'], { unique: true })
export class ModelEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  @Column('text', { default: '' }) description!: string;
  @Column('jsonb') flow!: StageFlow;
  /** Number of the last version; numbers are never reused. */
  @Column('int', { default: 0 }) lastNumber!: number;
  @Column('text') createdBy!: string;
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) createdAt!: Date;
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) updatedAt!: Date;
}

/** `slot` is the stage when that stage holds one version: its unique index keeps two from standing there. */
@Entity('model_version')
@Index('model_version_number', ['modelId', 'number'], { unique: true })
@Index('model_version_candidate', ['modelId', 'candidateRun'], { unique: true })
@Index('model_version_run', ['runId'])
@Index('model_version_candidate_run', ['candidateRun'], { where: 'candidate_run is not null' })
@Index('model_version_logged_model', ['loggedModelId'], { where: 'logged_model_id is not null' })
@Index('model_version_stage', ['modelId', 'stage', 'number'])
@Index('model_version_changed', ['workspaceId', 'updatedAt'])
@Index('model_version_changed_of', ['modelId', 'updatedAt'])
@Index('model_version_slot', ['modelId', 'slot'], { unique: true })
@Index('model_version_workspace', ['workspaceId', 'id'])
export class ModelVersionEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') modelId!: string;
  @Column('int') number!: number;
  /** A run of ours, or the name of one that only a client knows. */
  @Column('text', { nullable: true }) runId!: string | null;
  /** The run that the platform made this version of: registered once per model. */
  @Column('text', { nullable: true }) candidateRun!: string | null;
  @Column('text', { nullable: true }) loggedModelId!: string | null;
  /** Where it comes from as its maker said, and the place that this means. */
  @Column('text', { nullable: true }) source!: string | null;
  @Column('text', { nullable: true }) storageLocation!: string | null;
  @Column('text', { nullable: true }) runLink!: string | null;
  @Column('text', { nullable: true }) datasetVersionId!: string | null;
  @Column('text', { default: 'none' }) stage!: string;
  @Column('text', { nullable: true }) slot!: string | null;
  /** File name -> sha256. */
  @Column('jsonb') files!: Record<string, string>;
  /** Null for a version whose files the platform has not looked at. */
  @Column('jsonb', { nullable: true }) signature!: Signature | null;
  /** Measured by the platform on these files. */
  @Column('jsonb', { nullable: true }) evaluation!: EvaluationResult | null;
  /** Member who answers for the training: may ask for a stage, but not approve. */
  @Column('text', { nullable: true }) trainedBy!: string | null;
  @Column('text', { default: '' }) description!: string;
  @Column('text', { default: 'READY' }) status!: VersionStatus;
  @Column('text', { nullable: true }) statusMessage!: string | null;
  @Column('text', { nullable: true }) userName!: string | null;
  @Column('text') createdBy!: string;
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) createdAt!: Date;
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) updatedAt!: Date;
  /** A deleted version is in no list; its number stays taken. */
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
}

@Entity('model_tag')
export class ModelTagEntity {
  @PrimaryColumn('text') modelId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

@Entity('model_version_tag')
export class ModelVersionTagEntity {
  @PrimaryColumn('text') versionId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

@Entity('model_alias')
@Index('model_alias_version', ['versionId'])
export class ModelAliasEntity {
  @PrimaryColumn('text') modelId!: string;
  @PrimaryColumn('text') alias!: string;
  @Column('text') versionId!: string;
}

@Entity('stage_request')
@Index('stage_request_version', ['versionId', 'id'])
@Index('stage_request_open', ['versionId', 'stage'], { unique: true, where: "state in ('EVALUATING', 'AWAITING_APPROVAL')" })
@Index('stage_request_workspace', ['workspaceId', 'id'])
export class StageRequestEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') modelId!: string;
  @Column('text') versionId!: string;
  @Column('text') stage!: string;
  @Column('text') state!: RequestState;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('jsonb', { default: [] }) gates!: GateResult[];
  /** Version that stood in the stage when the gates were evaluated. */
  @Column('text', { nullable: true }) championId!: string | null;
  @Column('text') requestedBy!: string;
  /** Member behind the request, who may not approve it. */
  @Column('text', { nullable: true }) memberId!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) decidedAt!: Date | null;
}

@Entity('approval')
@Index('approval_member', ['requestId', 'memberId'], { unique: true })
export class ApprovalEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') requestId!: string;
  @Column('text') memberId!: string;
  @Column('text') decision!: 'approved' | 'rejected';
  @Column('text', { nullable: true }) comment!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
}
