import { Injectable, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TrainingSpec } from '#contracts';
import type { JobState } from './model/training-job.js';
import { TemplateEntity, TrainingJobEntity } from './training.entities.js';

/** A job as other rooms may know it. */
export interface JobFacts {
  readonly id: string;
  readonly runId: string;
  readonly spec: TrainingSpec;
  readonly datasetVersionId: string;
  readonly tableBlob: string;
  readonly registerAs: string | null;
  readonly project: string;
  /** Member who answers for the training. */
  readonly memberId: string | null;
  /** Members who have a hand in the trigger that asked, beside its owner. */
  readonly others: readonly string[];
}

/** What a run was trained by. */
export interface TrainedBy {
  readonly template: string;
  readonly project: string;
  /** Why the job failed. */
  readonly reason: string | null;
}

@Injectable()
export class TrainingReads {
  constructor(private readonly dataSource: DataSource) {}

  async jobOfRun(workspaceId: string, runId: string): Promise<JobFacts | undefined> {
    const row = await this.dataSource.getRepository(TrainingJobEntity).findOneBy({ workspaceId, runId });
    return row ?? undefined;
  }

  /** Where a job stands. */
  async state(workspaceId: string, id: string): Promise<{ state: JobState; reason: string | null } | undefined> {
    const row = await this.dataSource.getRepository(TrainingJobEntity).findOneBy({ workspaceId, id });
    return row ? { state: row.state, reason: row.reason } : undefined;
  }

  /** The template of a run's job; undefined for a run without one. */
  async trainedBy(workspaceId: string, runId: string): Promise<TrainedBy | undefined> {
    const job = await this.dataSource.getRepository(TrainingJobEntity).findOneBy({ workspaceId, runId });
    const template = job && (await this.dataSource.getRepository(TemplateEntity).findOneBy({ id: job.templateId }));
    return template ? { template: template.name, project: template.project, reason: job.reason } : undefined;
  }

  /** Where a template is, and the data set that it trains on. */
  async template(workspaceId: string, id: string): Promise<{ project: string; datasetId: string } | undefined> {
    const row = await this.dataSource.getRepository(TemplateEntity).findOneBy({ workspaceId, id });
    return row ? { project: row.project, datasetId: row.datasetId } : undefined;
  }

  /** Jobs of a runner that are RUNNING, so that a runner that starts anew knows what it left behind. */
  async runningOn(runner: string): Promise<{ id: string; attempt: number }[]> {
    return this.dataSource
      .getRepository(TrainingJobEntity)
      .find({ where: { runner, state: 'RUNNING' }, select: { id: true, attempt: true } });
  }
}

@Module({ providers: [TrainingReads], exports: [TrainingReads] })
export class TrainingReadsModule {}
