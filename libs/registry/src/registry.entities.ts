import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { VersionEvaluation, GateResult, ManifestFile, ScanResult, Signature, StageFlow } from '#contracts';
import type { FrozenEvidence } from './model/evidence.js';
import type { CardSections } from './model/card.js';
import type { RequestState } from './model/stage-rules.js';

/** READY unless a registration that is not done at once is under way or has failed. */
export type VersionStatus = 'READY' | 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION';

/** A flow that models of the workspace follow. */
@Entity('stage_flow')
@Index('stage_flow_name', ['workspaceId', 'name'], { unique: true })
export class StageFlowEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') name!: string;
  @Column('int', { default: 1 }) revision!: number;
  @Column('text', { default: '' }) description!: string;
  @Column('jsonb') flow!: StageFlow;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('text') updatedBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
}

@Entity('model')
@Index('model_name', ['workspaceId', 'name'], { unique: true })
@Index('model_flow', ['flowId'], { where: 'flow_id is not null' })
export class ModelEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  @Column('text', { default: '' }) description!: string;
  @Column('jsonb') flow!: StageFlow;
  /** Flow of the workspace that the model follows; null for one of its own. */
  @Column('text', { nullable: true }) flowId!: string | null;
  /** Counts the changes of `flow`. */
  @Column('int', { default: 1 }) flowRevision!: number;
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
  /** Every file with its size and hash, as they were when the version was looked at. */
  @Column('jsonb', { nullable: true }) manifest!: ManifestFile[] | null;
  @Column('jsonb', { nullable: true }) scan!: ScanResult | null;
  /** What people add to the model card. */
  @Column('jsonb', { default: {} }) card!: CardSections;
  /** Null for a version whose files the platform has not looked at. */
  @Column('jsonb', { nullable: true }) signature!: Signature | null;
  /** Measured by the platform on these files. */
  @Column('jsonb', { nullable: true }) evaluation!: VersionEvaluation | null;
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
@Index('stage_request_open', ['versionId', 'stage'], {
  unique: true,
  where: "state in ('EVALUATING', 'AWAITING_APPROVAL', 'RECHECKING')",
})
@Index('stage_request_workspace', ['workspaceId', 'id'])
export class StageRequestEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') modelId!: string;
  @Column('text') versionId!: string;
  @Column('text') stage!: string;
  @Column('text', { nullable: true }) fromStage!: string | null;
  @Column('text') state!: RequestState;
  @Column('text', { nullable: true }) reason!: string | null;
  /** Why it ended without a decision. */
  @Column('text', { nullable: true }) endedBecause!: string | null;
  @Column('jsonb', { default: [] }) gates!: GateResult[];
  /** What the gates looked at. */
  @Column('jsonb', { nullable: true }) evidence!: FrozenEvidence | null;
  @Column('int', { default: 1 }) flowRevision!: number;
  /** Version that stood in the stage when the gates were evaluated. */
  @Column('text', { nullable: true }) championId!: string | null;
  @Column('text') requestedBy!: string;
  /** Member behind the request. */
  @Column('text', { nullable: true }) memberId!: string | null;
  /** Members who may not decide: who asked, in person or through a trigger, and who answers for the training. */
  @Column('text', { array: true, default: [] }) barred!: string[];
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

/** A version's time in a stage; `leftAt` is null while it stands there. */
@Entity('stage_stay')
@Index('stage_stay_model', ['modelId', 'stage', 'enteredAt'])
@Index('stage_stay_open', ['versionId'], { unique: true, where: 'left_at is null' })
export class StageStayEntity {
  @PrimaryColumn({ type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' }) id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') modelId!: string;
  @Column('text') versionId!: string;
  @Column('int') number!: number;
  @Column('text') stage!: string;
  @Column('timestamptz') enteredAt!: Date;
  @Column('timestamptz', { nullable: true }) leftAt!: Date | null;
  @Column('text') enteredBy!: string;
  @Column('text', { nullable: true }) leftBy!: string | null;
  @Column('text', { nullable: true }) requestId!: string | null;
  @Column('text', { nullable: true }) reason!: string | null;
  /** Past the gates and approvals of the way in. */
  @Column('bool', { default: false }) forced!: boolean;
}
