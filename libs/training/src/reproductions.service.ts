import { Injectable } from '@nestjs/common';
import { authorize, Journal, type Ctx } from '#access';
import { MODEL_FILES } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError } from '#kernel';
import { TrackingReads } from '#reads/tracking';
import { JobQueue } from './job-queue.js';
import { compareRuns, verdictOf, type ReproductionReport, type TrainedRun, type Verdict } from './model/reproduction.js';
import { toleranceOf, type ToleranceInput } from './model/tolerance.js';
import type { ReproductionEntity, TrainingJobEntity } from './training.entities.js';
import { ranOf, TrainingStore } from './training.store.js';

export interface NewReproduction {
  readonly runId: string;
  readonly tolerance?: ToleranceInput | null;
  /** Fail rather than train with another code, engine, back end or environment than the original. */
  readonly strict?: boolean | null;
}

interface Judgement {
  readonly verdict: Exclude<Verdict, 'PENDING'>;
  readonly reason: string | null;
  readonly report: ReproductionReport | null;
}

const WEIGHTS = `model/${MODEL_FILES.weights}`;

/** Use cases of doing a training anew and saying whether it came out the same. */
@Injectable()
export class ReproductionsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TrainingStore,
    private readonly queue: JobQueue,
    private readonly tracking: TrackingReads,
    private readonly journal: Journal,
  ) {}

  /**
   * Queues the training of a run once more: the same version of the data, the spec that the run used, its back end where there is one, from the first epoch on.
   * What comes out is registered nowhere. Throws NOT_REPRODUCIBLE for a run that the platform did not train to its end, NOT_READY while it trains and
   * when its data are not valid any more, BAD_INPUT for a tolerance that is none.
   */
  async start(ctx: Ctx, input: NewReproduction): Promise<{ id: string; runId: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const original = await this.reproducible(tx, ctx, input.runId);
      const template = (await this.store.template(tx, ctx.workspaceId, original.templateId))!;
      const version = await this.queue.version(ctx, template.datasetId, original.datasetVersionId);
      const curves = await this.tracking.measuredCurves(ctx.workspaceId, original.runId);
      const tolerance = toleranceOf(input.tolerance ?? {}, [...new Set(curves.map(({ key }) => key))]);
      const { templateRevision, spec, runId } = original;
      const plan = { template, templateRevision, spec, version, registerAs: null, reproduces: runId };
      const queued = await this.queue.add(tx, ctx, plan);
      await this.store.insertReproduction(tx, {
        runId: queued.runId,
        workspaceId: ctx.workspaceId,
        jobId: queued.id,
        originalRunId: runId,
        strict: input.strict ?? false,
        tolerance,
      });
      return queued;
    });
  }

  /**
   * Compares a run with the one that it does anew, once: when it is measured, or its job ended otherwise; `unmeasured` says why it will not be measured. Does nothing
   * for any other run.
   */
  async judge(ctx: Ctx, runId: string, unmeasured?: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const row = await this.store.pendingReproduction(tx, runId);
      if (!row) return;
      const judgement = unmeasured ? notComparable(unmeasured) : await this.judgement(tx, row);
      const { verdict, report } = judgement;
      await this.store.judge(tx, runId, { ...judgement, judgedAt: ctx.clock.now() });
      await this.journal.record(tx, ctx, {
        event: 'run.reproduced',
        subject: { kind: 'run', id: runId },
        data: {
          runId,
          jobId: row.jobId,
          originalRunId: row.originalRunId,
          verdict,
          weightsEqual: report?.weightsEqual ?? null,
          differs: [...new Set(report?.differences.map(({ part }) => part))],
        },
        reason: judgement.reason ?? undefined,
      });
    });
  }

  private async judgement(tx: Tx, { workspaceId, runId, originalRunId, tolerance }: ReproductionEntity): Promise<Judgement> {
    const original = (await this.store.jobOfRun(tx, workspaceId, originalRunId))!;
    const job = (await this.store.jobOfRun(tx, workspaceId, runId))!;
    if (job.state !== 'SUCCEEDED') return notComparable(`the training ended as ${job.state}: ${job.reason ?? 'canceled'}`);
    const report = compareRuns(await this.trained(original), await this.trained(job), tolerance);
    const verdict = verdictOf(report);
    const reason =
      verdict === 'NOT_COMPARABLE' ? 'the original run has no metrics of a training or of the platform any more' : null;
    return { verdict, reason, report };
  }

  private async trained(job: TrainingJobEntity): Promise<TrainedRun> {
    const { workspaceId, runId, datasetVersionId, tableBlob, spec } = job;
    const curves = await this.tracking.measuredCurves(workspaceId, runId);
    const weights = (await this.tracking.artifacts(runId, [WEIGHTS])).get(WEIGHTS);
    return { curves, weights, datasetVersionId, tableBlob, spec, ran: ranOf(job) };
  }

  private async reproducible(tx: Tx, ctx: Ctx, runId: string): Promise<TrainingJobEntity> {
    const job = await this.store.jobOfRun(tx, ctx.workspaceId, runId);
    if (!job && !(await this.tracking.run(ctx.workspaceId, runId)))
      throw new DomainError('NOT_FOUND', `there is no run ${runId}`, 'runId');
    if (!job)
      throw new DomainError(
        'NOT_REPRODUCIBLE',
        `the platform did not train the run ${runId}: no training job holds the data, spec and seed that it had; name a run of a training job`,
        'runId',
      );
    authorize(ctx, 'training.write', job.project);
    if (job.state === 'QUEUED' || job.state === 'RUNNING')
      throw new DomainError('NOT_READY', `the training of the run is ${job.state}; wait until it has ended`, 'runId');
    if (job.state !== 'SUCCEEDED')
      throw new DomainError(
        'NOT_REPRODUCIBLE',
        `the training of the run ended as ${job.state}, so there is nothing to compare with; name a run that succeeded`,
        'runId',
      );
    return job;
  }
}

function notComparable(reason: string): Judgement {
  return { verdict: 'NOT_COMPARABLE', reason, report: null };
}
