import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RunStatus } from './model/run.js';

/** `number` is the experiment's id among MLflow's clients (0 is the workspace's Default); `num` the narrow key of its metric values. */
@Entity('experiment')
@Index('experiment_name', ['workspaceId', 'name'], { unique: true })
@Index('experiment_number', ['workspaceId', 'number'], { unique: true })
@Index('experiment_num', ['num'], { unique: true })
export class ExperimentEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column({ type: 'int', generated: 'identity', generatedIdentity: 'ALWAYS' }) num!: number;
  @Column('int') number!: number;
  /** Where clients were told to keep artifacts; null is the platform itself. */
  @Column('text', { nullable: true }) artifactLocation!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
  /** Kept, but out of the usual lists. */
  @Column('timestamptz', { nullable: true }) archivedAt!: Date | null;
}

/** Number of the workspace's last experiment; its row is locked while one is numbered or named. */
@Entity('experiment_counter')
export class ExperimentCounterEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @Column('int', { default: 0 }) lastNumber!: number;
}

@Entity('experiment_tag')
export class ExperimentTagEntity {
  @PrimaryColumn('text') experimentId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

/** `num` is the narrow key of all that hangs on the run, `experiment` the `num` of its experiment. */
@Entity('run')
@Index('run_num', ['num'], { unique: true })
@Index('run_experiment', ['experimentId', 'id'])
@Index('run_workspace', ['workspaceId', 'id'])
@Index('run_heartbeat', ['heartbeatAt'], { where: "status = 'RUNNING'" })
@Index('run_listing', { synchronize: false })
@Index('run_name', { synchronize: false })
@Index('run_parent', ['parentId'], { where: 'parent_id is not null' })
@Index('run_trash', ['deletedAt'], { where: 'deleted_at is not null' })
export class RunEntity {
  @PrimaryColumn('text') id!: string;
  @Column({ type: 'int', generated: 'identity', generatedIdentity: 'ALWAYS' }) num!: number;
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
  @Column('int') experiment!: number;
  @Column('text', { default: '' }) userName!: string;
  @Column('text', { nullable: true }) parentId!: string | null;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
  /** Kept, but out of the usual lists. */
  @Column('timestamptz', { nullable: true }) archivedAt!: Date | null;
  /** Goes up when the run ends, and with everything that is logged to it after that: while a run has ended, what hangs on it changes with this only. */
  @Column('int', { default: 0 }) revision!: number;
  /** How often it has gone on after an end. */
  @Column('int', { default: 0 }) resumes!: number;
}

@Entity('run_param')
export class RunParamEntity {
  @PrimaryColumn('int') run!: number;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

@Entity('run_tag')
export class RunTagEntity {
  @PrimaryColumn('int') run!: number;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

@Entity('run_input')
@Index('run_input_version', ['datasetVersionId'])
export class RunInputEntity {
  @PrimaryColumn('text') runId!: string;
  @PrimaryColumn('text') datasetVersionId!: string;
}

/** A file of a run, of a logged model, or (owner: the workspace) of neither. */
@Entity('artifact')
@Index('artifact_blob', ['workspaceId', 'blob'])
export class ArtifactEntity {
  @PrimaryColumn('text') ownerId!: string;
  @PrimaryColumn('text', { collation: 'C' }) path!: string;
  @Column('text') blob!: string;
  @Column('bigint') size!: string;
  @Column('text') workspaceId!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

/** What a run printed; `n` counts the lines of an attempt (0 for what no attempt wrote), `stream` is 0 for output and 1 for errors. */
@Entity('run_log')
export class RunLogEntity {
  @PrimaryColumn('int') run!: number;
  @PrimaryColumn('smallint') attempt!: number;
  @PrimaryColumn('bigint') n!: string;
  @Column('timestamptz') at!: Date;
  @Column('smallint') stream!: number;
  @Column('text') line!: string;
}

/** Metric names are interned, so that a point holds four bytes of its key. */
@Entity('metric_key')
@Index('metric_key_name', ['workspaceId', 'name'], { unique: true })
export class MetricKeyEntity {
  @PrimaryColumn({ type: 'int', generated: 'identity', generatedIdentity: 'ALWAYS' }) id!: number;
  @Column('text') workspaceId!: string;
  @Column('text') name!: string;
}

/** `attempt` is 0 for what no training attempt logged. `value` holds NaN and infinities as they are. Partitioned by a hash of the run. */
@Entity('metric_point')
@Index('metric_point_attempt', ['run', 'key', 'step', 'attempt'], { unique: true, where: 'attempt > 0' })
export class MetricPointEntity {
  @PrimaryColumn('int') run!: number;
  @PrimaryColumn('int') key!: number;
  @PrimaryColumn('bigint') ts!: string;
  @PrimaryColumn('bigint') step!: string;
  @PrimaryColumn('float8') value!: number;
  @PrimaryColumn('smallint') source!: number;
  @PrimaryColumn('smallint') attempt!: number;
}

/** Latest point of each key by (step, ts, value), kept by compare, so that replays and reordering leave the same state. */
@Entity('metric_latest')
@Index('metric_latest_value', ['experiment', 'key', 'value'])
export class MetricLatestEntity {
  @PrimaryColumn('int') run!: number;
  @PrimaryColumn('int') key!: number;
  @Column('bigint') ts!: string;
  @Column('bigint') step!: string;
  @Column('float8') value!: number;
  @Column('int') experiment!: number;
  @PrimaryColumn('smallint') source!: number;
}

/** A data set as a client describes it; versions of our own data sets are `run_input`. */
@Entity('logged_dataset')
@Index('logged_dataset_digest', ['experimentId', 'name', 'digest'], { unique: true })
export class LoggedDatasetEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') experimentId!: string;
  @Column('text') name!: string;
  @Column('text') digest!: string;
  @Column('text') sourceType!: string;
  @Column('text') source!: string;
  @Column('text', { nullable: true }) schema!: string | null;
  @Column('text', { nullable: true }) profile!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('run_dataset')
@Index('run_dataset_dataset', ['datasetId'])
export class RunDatasetEntity {
  @PrimaryColumn('int') run!: number;
  @PrimaryColumn('text') datasetId!: string;
  @Column('jsonb', { default: {} }) tags!: Record<string, string>;
}
