import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RunStatus } from './model/run.js';

@Entity('experiment')
@Index('experiment_name', ['workspaceId', 'name'], { unique: true })
export class ExperimentEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

/** `num` is the narrow key that the points use. */
@Entity('run')
@Index('run_num', ['num'], { unique: true })
@Index('run_experiment', ['experimentId', 'id'])
@Index('run_workspace', ['workspaceId', 'id'])
@Index('run_heartbeat', ['heartbeatAt'], { where: "status = 'RUNNING'" })
export class RunEntity {
  @PrimaryColumn('text') id!: string;
  @Column({ type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' }) num!: string;
  @Column('text') workspaceId!: string;
  @Column('text') experimentId!: string;
  @Column('text') name!: string;
  @Column('text') status!: RunStatus;
  @Column('text', { nullable: true }) jobId!: string | null;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) startedAt!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
  @Column('timestamptz', { default: () => "'-infinity'" }) metricsSaidAt!: Date;
  /** Set by the first heartbeat; such a run is ended when heartbeats stop. */
  @Column('timestamptz', { nullable: true }) heartbeatAt!: Date | null;
}

@Entity('run_param')
export class RunParamEntity {
  @PrimaryColumn('text') runId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

@Entity('run_tag')
export class RunTagEntity {
  @PrimaryColumn('text') runId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

@Entity('run_input')
@Index('run_input_version', ['datasetVersionId'])
export class RunInputEntity {
  @PrimaryColumn('text') runId!: string;
  @PrimaryColumn('text') datasetVersionId!: string;
}

@Entity('run_artifact')
export class RunArtifactEntity {
  @PrimaryColumn('text') runId!: string;
  @PrimaryColumn('text') path!: string;
  @Column('text') blob!: string;
  @Column('bigint') size!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

/** Metric names are interned, so that a point holds four bytes of its key. */
@Entity('metric_key')
@Index('metric_key_name', ['workspaceId', 'name'], { unique: true })
export class MetricKeyEntity {
  @PrimaryColumn({ type: 'int', generated: 'identity', generatedIdentity: 'ALWAYS' }) id!: number;
  @Column('text') workspaceId!: string;
  @Column('text') name!: string;
}

/** `attempt` is 0 for what no training attempt logged. `value` holds NaN and infinities as they are. */
@Entity('metric_point')
@Index('metric_point_attempt', ['run', 'key', 'step', 'attempt'], { unique: true, where: 'attempt > 0' })
export class MetricPointEntity {
  @PrimaryColumn('bigint') run!: string;
  @PrimaryColumn('int') key!: number;
  @PrimaryColumn('smallint') source!: number;
  @PrimaryColumn('int') attempt!: number;
  @PrimaryColumn('bigint') step!: string;
  @PrimaryColumn('bigint') ts!: string;
  @PrimaryColumn('float8') value!: number;
}

/** Latest point of each key by (step, ts, value), kept by compare, so that replays and reordering leave the same state. */
@Entity('metric_latest')
export class MetricLatestEntity {
  @PrimaryColumn('bigint') run!: string;
  @PrimaryColumn('int') key!: number;
  @PrimaryColumn('smallint') source!: number;
  @Column('bigint') step!: string;
  @Column('bigint') ts!: string;
  @Column('float8') value!: number;
}
