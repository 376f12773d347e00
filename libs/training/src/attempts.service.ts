import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createCtx, inChain, Journal, type Chain, type Ctx } from '#access';
import type { AttemptLine, Claim, Finish, MetricPoint } from '#contracts';
import { select, type Tx, UnitOfWork } from '#database';
import { assertNever, DomainError, sha256 } from '#kernel';
import { BlobRegistry } from '#storage';
import { JobsService } from './jobs.service.js';
import { environmentPart } from './model/environment-part.js';
import { RUN_BOOK, type RunBook } from './run-book.port.js';
import type { TrainingJobEntity } from './training.entities.js';
import { TRAINING_OPTIONS, type TrainingOptions } from './training.options.js';
import { TrainingStore } from './training.store.js';

/**
 * What an attempt process may do, over HTTP, with the token of its own job and attempt. Each call renews the lease by compare-and-set in its
 * own transaction, so that a call of an attempt that lost its lease changes nothing (STALE_ATTEMPT).
 */
@Injectable()
export class AttemptsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TrainingStore,
    private readonly jobs: JobsService,
    private readonly blobs: BlobRegistry,
    private readonly journal: Journal,
    @Inject(RUN_BOOK) private readonly runs: RunBook,
    @Inject(TRAINING_OPTIONS) private readonly options: TrainingOptions,
  ) {}

  /** The context of an attempt's token. Throws UNAUTHENTICATED when there is no such token; whether it is still current is asked at each call. */
  async authenticate(tokenText: string, more: Partial<Ctx> = {}): Promise<Ctx> {
    const [row] = await select<{ job_id: string; number: number; run_id: string; workspace_id: string; chain: Chain | null }>(
      this.dataSource,
      'select a.job_id, a.number, j.run_id, j.workspace_id, j.chain from training_attempt a join training_job j on j.id = a.job_id where a.token_hash = $1',
      [sha256(tokenText)],
    );
    if (!row) throw new DomainError('UNAUTHENTICATED', 'this is not the token of an attempt');
    const principal = { kind: 'attempt', jobId: row.job_id, runId: row.run_id, attempt: row.number } as const;
    return inChain(createCtx(row.workspace_id, principal, more), row.chain);
  }

  claim(ctx: Ctx): Promise<Claim> {
    return this.fenced(ctx, async (tx, job) => ({
      jobId: job.id,
      runId: job.runId,
      attempt: job.attempt,
      spec: job.spec,
      table: { sha256: job.tableBlob, size: Number(job.tableSize) },
      checkpoint: job.checkpointBlob ? { sha256: job.checkpointBlob, epoch: job.checkpointEpoch ?? 0 } : null,
      backend: this.options.backend,
      reproduces: await this.store.reproducedBy(tx, job.runId),
      heartbeatMs: this.options.heartbeatSeconds * 1000,
    }));
  }

  heartbeat(ctx: Ctx, beat: { epoch?: number }): Promise<{ cancel: boolean }> {
    return this.fenced(ctx, async (tx, job) => {
      if (beat.epoch !== undefined) await this.store.updateJob(tx, job.id, { epoch: beat.epoch });
      return { cancel: job.cancelRequested };
    });
  }

  /** An attempt reads its own data and checkpoint, and nothing else. Throws BLOB_NOT_FOUND for any other blob. */
  mayRead(ctx: Ctx, sha256: string): Promise<void> {
    return this.fenced(ctx, async (_tx, job) => {
      if (sha256 !== job.tableBlob && sha256 !== job.checkpointBlob)
        throw new DomainError('BLOB_NOT_FOUND', 'this is no blob of the job');
    });
  }

  logMetrics(ctx: Ctx, points: readonly MetricPoint[]): Promise<void> {
    return this.fenced(ctx, async (tx, job) => this.runs.log(tx, ctx, job.runId, points, job.attempt));
  }

  logLines(ctx: Ctx, lines: readonly AttemptLine[]): Promise<void> {
    return this.fenced(ctx, async (tx, job) => this.runs.logLines(tx, ctx, job.runId, lines, job.attempt));
  }

  describe(ctx: Ctx, params: Readonly<Record<string, string>>, tags: Readonly<Record<string, string>>): Promise<void> {
    return this.fenced(ctx, async (tx, job) => this.runs.describe(tx, ctx, job.runId, params, tags));
  }

  /** Makes an uploaded blob the point from which a later attempt goes on. An older epoch than the kept one changes nothing. */
  checkpoint(ctx: Ctx, blob: string, epoch: number): Promise<void> {
    return this.fenced(ctx, async (tx, job) => {
      await this.blobs.reference(tx, ctx.workspaceId, blob);
      if (job.checkpointEpoch !== null && job.checkpointEpoch >= epoch) return;
      await this.store.updateJob(tx, job.id, { checkpointBlob: blob, checkpointEpoch: epoch });
      await this.journal.record(tx, ctx, {
        event: 'training_job.checkpointed',
        subject: { kind: 'training_job', id: job.id },
        data: { jobId: job.id, runId: job.runId, attempt: job.attempt, epoch, blob },
      });
    });
  }

  /** Ends the attempt. A repeat after the commit whose answer was lost is accepted and changes nothing. */
  async finish(ctx: Ctx, finish: Finish): Promise<void> {
    if (await this.hasFinished(ctx, finish)) return;
    await this.fenced(ctx, async (tx, job) => {
      switch (finish.outcome) {
        case 'succeeded':
          return this.succeedIn(tx, ctx, job, finish);
        case 'failed':
          await this.jobs.failIn(tx, ctx, job, { reason: `${finish.code}: ${finish.reason}`, retry: finish.retry }, 'FAILED');
          return;
        case 'canceled':
          await this.jobs.failIn(tx, ctx, { ...job, cancelRequested: true }, { reason: 'canceled', retry: false }, 'FAILED');
          return;
        default:
          return assertNever(finish);
      }
    });
  }

  private async succeedIn(
    tx: Tx,
    ctx: Ctx,
    job: TrainingJobEntity,
    finish: Extract<Finish, { outcome: 'succeeded' }>,
  ): Promise<void> {
    const { code, engine, backend, environment = {} } = finish;
    await this.runs.addArtifacts(tx, ctx, job.runId, finish.artifacts);
    await this.runs.describe(
      tx,
      ctx,
      job.runId,
      {},
      { 'tailrace.code': code, 'tailrace.engine': engine, 'tailrace.backend': backend },
    );
    await this.runs.finish(tx, ctx, job.runId, 'FINISHED');
    await this.store.updateJob(tx, job.id, { code, engine, backend, environment });
    await this.store.leaveRunning(tx, job.id, job.attempt, 'SUCCEEDED', null);
    await this.store.endAttempt(tx, job.id, job.attempt, 'SUCCEEDED', null);
    await this.journal.record(tx, ctx, {
      event: 'training_job.succeeded',
      subject: { kind: 'training_job', id: job.id },
      data: {
        jobId: job.id,
        runId: job.runId,
        attempt: job.attempt,
        datasetVersionId: job.datasetVersionId,
        registerAs: job.registerAs,
        code,
        engine,
        backend,
        environment: environmentPart({ code, engine, backend, environment }),
      },
    });
  }

  private async hasFinished(ctx: Ctx, finish: Finish): Promise<boolean> {
    const { jobId, attempt } = attemptOf(ctx);
    const state = { succeeded: 'SUCCEEDED', failed: 'FAILED', canceled: 'CANCELED' }[finish.outcome];
    const rows = await select(
      this.dataSource,
      'select 1 from training_attempt where job_id = $1 and number = $2 and state = $3',
      [jobId, attempt, state],
    );
    return rows.length > 0;
  }

  private async fenced<T>(ctx: Ctx, work: (tx: Tx, job: TrainingJobEntity) => Promise<T>): Promise<T> {
    const { jobId, attempt } = attemptOf(ctx);
    return this.unitOfWork.run({}, async (tx) => {
      const job = await this.store.renew(tx, jobId, attempt, this.options.leaseSeconds);
      if (!job) throw new DomainError('STALE_ATTEMPT', `attempt ${attempt} does not hold the job any more; nothing was changed`);
      return work(tx, job);
    });
  }
}

function attemptOf(ctx: Ctx): { jobId: string; attempt: number } {
  if (ctx.principal.kind !== 'attempt') throw new DomainError('FORBIDDEN', 'only an attempt of a training job may do this');
  return ctx.principal;
}
