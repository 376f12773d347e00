import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId, statesBefore } from '#kernel';
import { Notifier, Outbox } from '#messaging';
import { BlobRegistry } from '#storage';
import { isArtifactPath, RUN_STATES, type Point, type RunStatus, type Source } from './model/run.js';
import type { RunEntity } from './tracking.entities.js';
import { TrackingStore } from './tracking.store.js';

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly jobId?: string;
  readonly datasetVersionIds?: readonly string[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Use cases of experiments and runs. Methods that take `tx` are steps of a larger use case; the others open a transaction. */
@Injectable()
export class TrackingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TrackingStore,
    private readonly blobs: BlobRegistry,
    private readonly journal: Journal,
    private readonly outbox: Outbox,
    private readonly notifier: Notifier,
  ) {}

  /** Finds the experiment of that name, or makes it. */
  async ensureExperiment(ctx: Ctx, input: { name: string; project?: string | null }): Promise<{ id: string }> {
    const project = checkedProject(input.project);
    authorize(ctx, 'tracking.write', project);
    return this.unitOfWork.run(ctx, (tx) => this.ensureExperimentIn(tx, ctx, input.name, project));
  }

  async ensureExperimentIn(tx: Tx, ctx: Ctx, name: string, project: string): Promise<{ id: string }> {
    if (name.length < 1 || name.length > 250) throw new DomainError('BAD_INPUT', 'name must have 1 to 250 characters', 'name');
    const row = { id: newId('experiment'), workspaceId: ctx.workspaceId, project, name, createdBy: ctx.authId };
    const { id, created } = await this.store.ensureExperiment(tx, row);
    if (created)
      await this.journal.record(tx, ctx, {
        event: 'experiment.created',
        subject: { kind: 'experiment', id },
        data: { experimentId: id, name, project },
      });
    return { id };
  }

  async createRun(ctx: Ctx, input: NewRun): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const experiment = await this.store.experiment(tx, ctx.workspaceId, input.experimentId);
      if (!experiment) throw new DomainError('NOT_FOUND', `there is no experiment ${input.experimentId}`, 'experimentId');
      authorize(ctx, 'tracking.write', experiment.project);
      return this.startRunIn(tx, ctx, input);
    });
  }

  async startRunIn(tx: Tx, ctx: Ctx, input: NewRun): Promise<{ id: string }> {
    const id = newId('run');
    await this.store.insertRun(tx, {
      id,
      workspaceId: ctx.workspaceId,
      experimentId: input.experimentId,
      name: input.name,
      jobId: input.jobId ?? null,
      createdBy: ctx.authId,
    });
    const datasetVersionIds = [...(input.datasetVersionIds ?? [])];
    await this.store.addInputs(tx, id, datasetVersionIds);
    await this.store.addParams(tx, id, input.params ?? {});
    await this.store.setTags(tx, id, input.tags ?? {});
    await this.journal.record(tx, ctx, {
      event: 'run.started',
      subject: { kind: 'run', id },
      data: { runId: id, experimentId: input.experimentId, jobId: input.jobId ?? null, datasetVersionIds },
    });
    return { id };
  }

  /** Logs points, params and tags of a run by a person's token. Throws CONFLICT when a parameter has another value already. */
  async log(
    ctx: Ctx,
    runId: string,
    input: { points?: readonly Point[]; params?: Readonly<Record<string, string>>; tags?: Readonly<Record<string, string>> },
  ): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.writableRun(tx, ctx, runId);
      await this.describeIn(tx, ctx, runId, input.params ?? {}, input.tags ?? {});
      if (input.points?.length) await this.ingest(tx, ctx, run, input.points, 'client', 0);
      return { id: runId };
    });
  }

  /** Step: points of a training attempt, or of the platform itself. */
  async logIn(tx: Tx, ctx: Ctx, runId: string, points: readonly Point[], source: Source, attempt: number): Promise<void> {
    await this.ingest(tx, ctx, await this.foundRun(tx, ctx, runId), points, source, attempt);
  }

  async describeIn(
    tx: Tx,
    _ctx: Ctx,
    runId: string,
    params: Readonly<Record<string, string>>,
    tags: Readonly<Record<string, string>>,
  ): Promise<void> {
    const differing = await this.store.addParams(tx, runId, params);
    if (differing.length)
      throw new DomainError(
        'CONFLICT',
        `parameter ${differing[0]} has another value already; parameters are written once`,
        'params',
      );
    await this.store.setTags(tx, runId, tags);
  }

  /**
   * What a job of the platform measured on the model's own files: figures, kept apart from what clients log, and the whole report as an
   * artifact. The same `at` twice is written once.
   */
  async recordMeasured(
    ctx: Ctx,
    runId: string,
    figures: Readonly<Record<string, number>>,
    report: { readonly path: string; readonly sha256: string; readonly size: number },
    at: Date,
  ): Promise<void> {
    const timestamp = at.getTime();
    const points = Object.entries(figures).map(([key, value]) => ({ key, value, step: 0, timestamp }));
    await this.unitOfWork.run({}, async (tx) => {
      await this.logIn(tx, ctx, runId, points, 'platform', 0);
      await this.blobs.register(tx, ctx.workspaceId, report.sha256, report.size);
      await this.addArtifactsIn(tx, ctx, runId, { [report.path]: report.sha256 });
    });
  }

  async addArtifactsIn(tx: Tx, ctx: Ctx, runId: string, artifacts: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, blob] of Object.entries(artifacts)) {
      if (!isArtifactPath(path))
        throw new DomainError(
          'BAD_INPUT',
          `${JSON.stringify(path)} is not an artifact path; use a relative path such as model/weights.bin`,
          'path',
        );
      const { size } = await this.blobs.reference(tx, ctx.workspaceId, blob);
      await this.store.addArtifact(tx, runId, path, blob, size);
    }
  }

  async finishRun(ctx: Ctx, runId: string, status: Exclude<RunStatus, 'RUNNING'>): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.writableRun(tx, ctx, runId);
      await this.finishRunIn(tx, ctx, runId, status);
      return { id: runId };
    });
  }

  /** A client's promise to say that it lives: from the first one on, the run is ended when they stop. */
  async heartbeat(ctx: Ctx, runId: string): Promise<{ id: string }> {
    return this.unitOfWork.run({}, async (tx) => {
      await this.writableRun(tx, ctx, runId);
      if (!(await this.store.beat(tx, runId))) throw new DomainError('CONFLICT', 'the run has ended', 'runId');
      return { id: runId };
    });
  }

  /** Ends runs whose heartbeats stopped more than `seconds` ago, by the database's clock. Returns how many. */
  async reapSilent(ctx: Ctx, seconds: number): Promise<number> {
    return this.unitOfWork.run({}, async (tx) => {
      const silent = await this.store.silent(tx, seconds);
      for (const { id, workspaceId } of silent) await this.finishRunIn(tx, { ...ctx, workspaceId }, id, 'KILLED');
      return silent.length;
    });
  }

  async finishRunIn(tx: Tx, ctx: Ctx, runId: string, status: Exclude<RunStatus, 'RUNNING'>): Promise<void> {
    const run = await this.foundRun(tx, ctx, runId);
    if (!(await this.store.setStatus(tx, runId, statesBefore(RUN_STATES, status), status))) return;
    const event = ({ FINISHED: 'run.finished', FAILED: 'run.failed', KILLED: 'run.killed' } as const)[status];
    await this.journal.record(tx, ctx, {
      event,
      subject: { kind: 'run', id: runId },
      data: { runId, experimentId: run.experimentId, jobId: run.jobId },
      before: { status: run.status },
      after: { status },
    });
  }

  private async ingest(
    tx: Tx,
    ctx: Ctx,
    run: RunEntity,
    points: readonly Point[],
    source: Source,
    attempt: number,
  ): Promise<void> {
    const keys = await this.store.internKeys(
      tx,
      ctx.workspaceId,
      points.map((point) => point.key),
    );
    await this.store.ingest(tx, run.num, source, attempt, keys, points);
    tx.afterCommit(async () => this.notifier.wake('run_metrics', run.id));
    if (!(await this.store.mayAnnounceMetrics(tx, run.id))) return;
    const metrics = Object.fromEntries(points.filter((p) => Number.isFinite(p.value)).map((p) => [p.key, p.value]));
    this.outbox.add(tx, ctx, 'run.metrics_logged', `run/${run.id}`, { runId: run.id, metrics });
  }

  private async writableRun(tx: Tx, ctx: Ctx, runId: string): Promise<RunEntity> {
    const run = await this.foundRun(tx, ctx, runId);
    const experiment = await this.store.experiment(tx, ctx.workspaceId, run.experimentId);
    authorize(ctx, 'tracking.write', experiment!.project);
    return run;
  }

  private async foundRun(tx: Tx, ctx: Ctx, runId: string): Promise<RunEntity> {
    const run = await this.store.lockRun(tx, ctx.workspaceId, runId);
    if (!run) throw new DomainError('NOT_FOUND', `there is no run ${runId}`, 'runId');
    return run;
  }
}
