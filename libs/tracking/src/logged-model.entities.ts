import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { LoggedModelStatus } from './model/logged-model.js';

/** A model that a run has logged: files, params and metrics of its own, registered or not. */
@Entity('logged_model')
@Index('logged_model_experiment', { synchronize: false })
@Index('logged_model_run', ['sourceRunId'])
export class LoggedModelEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') experimentId!: string;
  @Column('text') name!: string;
  @Column('text', { nullable: true }) modelType!: string | null;
  @Column('text', { nullable: true }) sourceRunId!: string | null;
  @Column('text') status!: LoggedModelStatus;
  @Column('text', { nullable: true }) statusMessage!: string | null;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { default: () => 'now()' }) updatedAt!: Date;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
}

@Entity('logged_model_param')
export class LoggedModelParamEntity {
  @PrimaryColumn('text') modelId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

@Entity('logged_model_tag')
export class LoggedModelTagEntity {
  @PrimaryColumn('text') modelId!: string;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
}

/** A point of a metric that names the model, by the run that measured it and the data set that it names. */
@Entity('logged_model_metric')
export class LoggedModelMetricEntity {
  @PrimaryColumn('text') modelId!: string;
  @PrimaryColumn('int') key!: number;
  @PrimaryColumn('int') run!: number;
  @PrimaryColumn('text', { default: '' }) datasetName!: string;
  @PrimaryColumn('text', { default: '' }) datasetDigest!: string;
  @PrimaryColumn('bigint') ts!: string;
  @PrimaryColumn('bigint') step!: string;
  @PrimaryColumn('float8') value!: number;
}

/** `direction`: the run made the model (`output`) or used it (`input`). */
@Entity('run_model')
@Index('run_model_model', ['modelId'])
export class RunModelEntity {
  @PrimaryColumn('int') run!: number;
  @PrimaryColumn('text') modelId!: string;
  @PrimaryColumn('text') direction!: 'input' | 'output';
  @Column('bigint', { default: 0 }) step!: string;
}
