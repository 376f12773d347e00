import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { EvaluationResult, GateResult, Signature, StageFlow } from '#contracts';
import type { RequestState } from './model/stage-rules.js';

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
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

/** `slot` is the stage when that stage holds one version: its unique index keeps two from standing there. */
@Entity('model_version')
@Index('model_version_number', ['modelId', 'number'], { unique: true })
@Index('model_version_run', ['modelId', 'runId'], { unique: true })
@Index('model_version_slot', ['modelId', 'slot'], { unique: true })
@Index('model_version_workspace', ['workspaceId', 'id'])
export class ModelVersionEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') modelId!: string;
  @Column('int') number!: number;
  @Column('text') runId!: string;
  @Column('text', { nullable: true }) datasetVersionId!: string | null;
  @Column('text', { default: 'none' }) stage!: string;
  @Column('text', { nullable: true }) slot!: string | null;
  /** File name -> sha256. */
  @Column('jsonb') files!: Record<string, string>;
  @Column('jsonb') signature!: Signature;
  /** Measured by the platform on these files. */
  @Column('jsonb', { nullable: true }) evaluation!: EvaluationResult | null;
  /** Member who answers for the training: may ask for a stage, but not approve. */
  @Column('text', { nullable: true }) trainedBy!: string | null;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
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
