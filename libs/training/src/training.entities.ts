import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Chain } from '#access';
import type { Environment, TrainingSpec } from '#contracts';
import type { ReproductionReport, Verdict } from './model/reproduction.js';
import type { Tolerance } from './model/tolerance.js';
import type { JobState } from './model/training-job.js';

@Entity('training_template')
@Index('training_template_name', ['workspaceId', 'name'], { unique: true })
export class TemplateEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  @Column('int', { default: 1 }) revision!: number;
  @Column('jsonb') spec!: TrainingSpec;
  /** Data set whose newest valid version is trained on when none is named. */
  @Column('text') datasetId!: string;
  @Column('text') experiment!: string;
  /** Model under which a trained candidate is registered; absent: it is not. */
  @Column('text', { nullable: true }) registerAs!: string | null;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('training_job')
@Index('training_job_queue', ['createdAt'], { where: "state = 'QUEUED'" })
@Index('training_job_lease', ['leaseExpiresAt'], { where: "state = 'RUNNING'" })
@Index('training_job_workspace', ['workspaceId', 'id'])
@Index('training_job_run', ['runId'])
export class TrainingJobEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') templateId!: string;
  @Column('int') templateRevision!: number;
  /** As it stood when the job was made. */
  @Column('jsonb') spec!: TrainingSpec;
  @Column('text') datasetVersionId!: string;
  @Column('text') tableBlob!: string;
  @Column('bigint') tableSize!: string;
  @Column('text') runId!: string;
  @Column('text', { nullable: true }) registerAs!: string | null;
  @Column('text') state!: JobState;
  /** Number of the current attempt, 0 before the first: the fencing token. */
  @Column('int', { default: 0 }) attempt!: number;
  @Column('int') maxAttempts!: number;
  @Column('text', { nullable: true }) runner!: string | null;
  @Column('timestamptz', { nullable: true }) leaseExpiresAt!: Date | null;
  @Column('text', { nullable: true }) checkpointBlob!: string | null;
  @Column('int', { nullable: true }) checkpointEpoch!: number | null;
  @Column('int', { nullable: true }) epoch!: number | null;
  @Column('bool', { default: false }) cancelRequested!: boolean;
  @Column('text', { nullable: true }) reason!: string | null;
  /** What trained; null before it has succeeded, and for `code`, `engine` and `environment` of older jobs. */
  @Column('text', { nullable: true }) backend!: string | null;
  @Column('text', { nullable: true }) code!: string | null;
  @Column('text', { nullable: true }) engine!: string | null;
  @Column('jsonb', { nullable: true }) environment!: Environment | null;
  @Column('text') createdBy!: string;
  /** Member who answers for it: who asked, or the owner of the trigger that did. */
  @Column('text', { nullable: true }) memberId!: string | null;
  /** Members who have a hand in that trigger beside its owner. */
  @Column('text', { array: true, default: '{}' }) others!: string[];
  /** Chain of causes that it belongs to: what becomes of it goes on with that. */
  @Column('jsonb', { nullable: true }) chain!: Chain | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
}

@Entity('training_attempt')
export class TrainingAttemptEntity {
  @PrimaryColumn('text') jobId!: string;
  @PrimaryColumn('int') number!: number;
  @Column('text') runner!: string;
  @Column('text') tokenHash!: string;
  @Column('text', { default: 'RUNNING' }) state!: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'LOST' | 'CANCELED';
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) startedAt!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
}

/** A run that does another one anew, and what was found when it had ended. */
@Entity('training_reproduction')
@Index('training_reproduction_original', ['originalRunId'])
export class ReproductionEntity {
  @PrimaryColumn('text') runId!: string;
  @Column('text') workspaceId!: string;
  @Column('text') jobId!: string;
  @Column('text') originalRunId!: string;
  /** It fails rather than train with anything else than the original did. */
  @Column('bool') strict!: boolean;
  @Column('jsonb') tolerance!: Tolerance;
  @Column('text', { default: 'PENDING' }) verdict!: Verdict;
  /** Why it could not be compared. */
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('jsonb', { nullable: true }) report!: ReproductionReport | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) judgedAt!: Date | null;
}
