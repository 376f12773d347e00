import { Inject, Injectable } from '@nestjs/common';
import { authorize, inChain, Journal, newTokenText, type Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, sha256 } from '#kernel';
import { JobQueue } from './job-queue.js';
import { overriddenSpec } from './model/overridden-spec.js';
import { afterFailure, type Failure, type JobState } from './model/training-job.js';
import { RUN_BOOK, type RunBook } from './run-book.port.js';
import type { TrainingJobEntity } from './training.entities.js';
import { TRAINING_OPTIONS, type TrainingOptions } from './training.options.js';
import { TrainingStore } from './training.store.js';

export interface ClaimedJob {
  readonly jobId: string;
  readonly attempt: number;
  /** Good for this job and attempt only; shown once. */
  readonly token: string;
}

export interface NewJob {
  readonly templateId: string;
  readonly datasetVersionId?: string | null;
  /** Parts of the training spec that this job has otherwise; lists are replaced as a whole. */
  readonly overrides?: Readonly<Record<string, unknown>> | null;
}

/** Use cases of training jobs: asking for one, claiming it, and what becomes of it. */
@Injectable()
export class JobsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TrainingStore,
    private readonly queue: JobQueue,
    private readonly journal: Journal,
    @Inject(RUN_BOOK) private readonly runs: RunBook,
    @Inject(TRAINING_OPTIONS) private readonly options: TrainingOptions,
  ) {}

  /**
   * Queues a training on the named version, or on the newest valid one of the template's data set, by the template's spec with what `overrides` change of it.
   * Throws NOT_READY when there is no such version, BAD_SPEC for overrides that do not fit.
   */
  async start(ctx: Ctx, input: NewJob): Promise<{ id: string; runId: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const template = await this.store.template(tx, ctx.workspaceId, input.templateId);
      if (!template) throw new DomainError('NOT_FOUND', `there is no template ${input.templateId}`, 'templateId');
      authorize(ctx, 'training.write', template.project);
      const version = await this.queue.version(ctx, template.datasetId, input.datasetVersionId);
      const spec = overriddenSpec(template.spec, input.overrides);
      const { revision: templateRevision, registerAs } = template;
      return this.queue.add(tx, ctx, { template, templateRevision, spec, version, registerAs });
    });
  }

  /**
   * Takes the oldest queued job for a runner; undefined when there is none. Exactly one of several runners gets it. A job whose data were retracted before it
   * began fails; one that had begun goes on.
   */
  async claimNext(ctx: Ctx, runner: string): Promise<ClaimedJob | undefined> {
    for (;;) {
      const claimed = await this.claimOldest(ctx, runner);
      if (claimed !== 'unfit') return claimed;
    }
  }

  private async claimOldest(ctx: Ctx, runner: string): Promise<ClaimedJob | 'unfit' | undefined> {
    return this.unitOfWork.run({}, async (tx) => {
      const job = await this.store.claimNext(tx, runner, this.options.leaseSeconds);
      if (!job) return undefined;
      const token = newTokenText('tra');
      await this.store.insertAttempt(tx, { jobId: job.id, number: job.attempt, runner, tokenHash: sha256(token) });
      await this.journal.record(tx, inWorkspace(ctx, job), {
        event: 'training_job.started',
        subject: { kind: 'training_job', id: job.id },
        data: { jobId: job.id, runId: job.runId, attempt: job.attempt, runner, ...resumedFrom(job) },
      });
      const unfit = job.attempt === 1 ? await this.queue.unfitBecause(job) : undefined;
      if (!unfit) return { jobId: job.id, attempt: job.attempt, token };
      const reason = `nothing was trained: ${unfit}`;
      await this.failIn(tx, inWorkspace(ctx, job), job, { reason, retry: false }, 'FAILED');
      return 'unfit';
    });
  }

  /** The runner saw an attempt end without a word (crash, kill), or its lease ran out. Does nothing if the attempt is not current any more. */
  async attemptLost(ctx: Ctx, jobId: string, attempt: number, failure: Failure): Promise<JobState | undefined> {
    return this.unitOfWork.run({}, async (tx) => {
      const job = await this.store.lockJob(tx, jobId);
      if (!job || job.attempt !== attempt || job.state !== 'RUNNING') return undefined;
      return this.failIn(tx, inWorkspace(ctx, job), job, failure, 'LOST');
    });
  }

  /** Takes back every lease that ended longer ago than the grace. Returns how many. */
  async reapExpired(ctx: Ctx): Promise<number> {
    return this.unitOfWork.run({}, async (tx) => {
      const expired = await this.store.expired(tx, this.options.graceSeconds);
      for (const { id } of expired) {
        const job = (await this.store.lockJob(tx, id))!;
        await this.failIn(
          tx,
          inWorkspace(ctx, job),
          job,
          { reason: 'the attempt stopped sending heartbeats', retry: true },
          'LOST',
        );
      }
      return expired.length;
    });
  }

  /** A queued job ends at once; a running one is told at its next heartbeat. */
  async cancel(ctx: Ctx, jobId: string): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const job = await this.store.lockJob(tx, jobId);
      if (!job || job.workspaceId !== ctx.workspaceId)
        throw new DomainError('NOT_FOUND', `there is no training job ${jobId}`, 'jobId');
      authorize(ctx, 'training.write', job.project);
      if (job.state === 'RUNNING') {
        await this.store.updateJob(tx, jobId, { cancelRequested: true });
        const { runId, attempt } = job;
        const subject = { kind: 'training_job', id: jobId };
        await this.journal.record(tx, ctx, { event: 'training_job.cancel_requested', subject, data: { jobId, runId, attempt } });
      } else if (job.state === 'QUEUED') {
        await this.store.updateJob(tx, jobId, { state: 'CANCELED', endedAt: ctx.clock.now() });
        await this.sayCanceled(tx, ctx, job);
      } else throw new DomainError('CONFLICT', `the job is ${job.state} already`, 'jobId');
      return { id: jobId };
    });
  }

  /** Step: a RUNNING job, locked by the caller, goes on, ends or is tried again, as the rules say. */
  async failIn(tx: Tx, ctx: Ctx, job: TrainingJobEntity, failure: Failure, attemptState: 'FAILED' | 'LOST'): Promise<JobState> {
    const next = afterFailure(job, failure);
    if (!(await this.store.leaveRunning(tx, job.id, job.attempt, next, failure.reason))) return job.state;
    if (failure.interrupted) await this.store.updateJob(tx, job.id, { maxAttempts: job.maxAttempts + 1 });
    await this.store.endAttempt(tx, job.id, job.attempt, next === 'CANCELED' ? 'CANCELED' : attemptState, failure.reason);
    const subject = { kind: 'training_job', id: job.id };
    const data = { jobId: job.id, runId: job.runId, attempt: job.attempt, reason: failure.reason };
    if (next === 'QUEUED') await this.journal.record(tx, ctx, { event: 'training_job.retrying', subject, data });
    else if (next === 'CANCELED') await this.sayCanceled(tx, ctx, job);
    else {
      await this.runs.finish(tx, ctx, job.runId, 'FAILED');
      await this.journal.record(tx, ctx, { event: 'training_job.failed', subject, data, reason: failure.reason });
    }
    return next;
  }

  private async sayCanceled(tx: Tx, ctx: Ctx, job: TrainingJobEntity): Promise<void> {
    await this.runs.finish(tx, ctx, job.runId, 'KILLED');
    await this.journal.record(tx, ctx, {
      event: 'training_job.canceled',
      subject: { kind: 'training_job', id: job.id },
      data: { jobId: job.id, runId: job.runId, attempt: job.attempt },
    });
  }
}

/** The platform's context moved into the workspace of the job that it found, and into the chain of causes that the job belongs to. */
export function inWorkspace(ctx: Ctx, job: TrainingJobEntity): Ctx {
  return inChain({ ...ctx, workspaceId: job.workspaceId }, job.chain);
}

function resumedFrom({ checkpointEpoch }: TrainingJobEntity): { resumedFrom?: number } {
  return checkpointEpoch === null ? {} : { resumedFrom: checkpointEpoch };
}
