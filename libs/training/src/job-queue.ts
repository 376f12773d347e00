import { Inject, Injectable } from '@nestjs/common';
import { chainOf, Journal, memberOf, othersOf, type Ctx } from '#access';
import type { TrainingSpec } from '#contracts';
import type { Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { DatasetReads, type VersionFacts } from '#reads/datasets';
import { partsOf } from './model/spec-parts.js';
import { RUN_BOOK, type RunBook } from './run-book.port.js';
import type { TemplateEntity, TrainingJobEntity } from './training.entities.js';
import { TRAINING_OPTIONS, type TrainingOptions } from './training.options.js';
import { TrainingStore } from './training.store.js';

/** A training as it is to be run. */
export interface TrainingPlan {
  readonly template: TemplateEntity;
  readonly templateRevision: number;
  readonly spec: TrainingSpec;
  readonly version: TrainableVersion;
  /** Model under which what comes out is registered. */
  readonly registerAs: string | null;
  /** The run that it does anew. */
  readonly reproduces?: string;
}

export type TrainableVersion = VersionFacts & { readonly table: NonNullable<VersionFacts['table']> };

/** Steps by which a training job comes into the queue, with its run. */
@Injectable()
export class JobQueue {
  constructor(
    private readonly store: TrainingStore,
    private readonly datasets: DatasetReads,
    private readonly journal: Journal,
    @Inject(RUN_BOOK) private readonly runs: RunBook,
    @Inject(TRAINING_OPTIONS) private readonly options: TrainingOptions,
  ) {}

  async add(tx: Tx, ctx: Ctx, plan: TrainingPlan): Promise<{ id: string; runId: string }> {
    const { template, templateRevision, spec, version, registerAs, reproduces } = plan;
    const id = newId('trainingJob');
    const runId = await this.runs.start(tx, ctx, {
      experiment: template.experiment,
      project: template.project,
      name: `${template.name}-${id.slice(-6)}`,
      jobId: id,
      datasetVersionId: version.id,
      params: paramsOf(plan),
    });
    await this.store.insertJob(tx, {
      id,
      workspaceId: ctx.workspaceId,
      project: template.project,
      templateId: template.id,
      templateRevision,
      spec,
      datasetVersionId: version.id,
      tableBlob: version.table.sha256,
      tableSize: String(version.table.size),
      runId,
      registerAs,
      state: 'QUEUED',
      maxAttempts: this.options.maxAttempts,
      createdBy: ctx.authId,
      memberId: memberOf(ctx),
      others: [...othersOf(ctx)],
      chain: chainOf(ctx),
    });
    const data = { jobId: id, runId, templateId: template.id, templateRevision, datasetVersionId: version.id };
    await this.journal.record(tx, ctx, {
      event: 'training_job.queued',
      subject: { kind: 'training_job', id },
      data: { ...data, ...partsOf(spec), ...(reproduces ? { reproduces } : {}) },
    });
    return { id, runId };
  }

  /** Why a job that has waited may not begin any more; undefined where it may. */
  unfitBecause({ workspaceId, datasetVersionId }: TrainingJobEntity): Promise<string | undefined> {
    return this.datasets.unfitBecause(workspaceId, datasetVersionId);
  }

  /** The named version of a data set, or its newest valid one. Throws NOT_FOUND, or NOT_READY for one that cannot be trained on. */
  async version(ctx: Ctx, datasetId: string, versionId?: string | null): Promise<TrainableVersion> {
    const version = versionId
      ? await this.datasets.version(ctx.workspaceId, versionId)
      : await this.datasets.newestValid(ctx.workspaceId, datasetId);
    if (!version || version.datasetId !== datasetId)
      throw new DomainError(
        versionId ? 'NOT_FOUND' : 'NOT_READY',
        versionId ? `the template's data set has no version ${versionId}` : 'the data set has no valid version yet',
        'datasetVersionId',
      );
    if (version.state !== 'VALIDATED' || !version.table)
      throw new DomainError(
        'NOT_READY',
        `version ${version.number} is ${version.state}${version.reason ? ` (${version.reason})` : ''}; only a VALIDATED version can be trained on`,
        'datasetVersionId',
      );
    return { ...version, table: version.table };
  }
}

function paramsOf({ template, templateRevision, spec: { training, model, split } }: TrainingPlan): Record<string, string> {
  return {
    template: `${template.name} r${templateRevision}`,
    layers: model.layers.map((layer) => `${layer.units} ${layer.activation}`).join(', '),
    learning_rate: String(training.learningRate),
    batch_size: String(training.batchSize),
    max_epochs: String(training.maxEpochs),
    split: `${split.train}/${split.validation}/${split.test} seed ${split.seed}`,
    seed: String(training.seed),
  };
}
