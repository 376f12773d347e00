import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { ExperimentsStore } from './experiments.store.js';
import { noExperiment, requireActive } from './experiments.service.js';
import { hasEnded, type RunStatus } from './model/run.js';
import { putPairs } from './pairs.store.js';
import { codeOf } from './model/source-code.js';
import { RunsStore, type RunFacts } from './runs.store.js';

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly jobId?: string;
  readonly parentId?: string | null;
  /** Who a client says it is; the platform's own knowledge is in the audit. */
  readonly userName?: string;
  readonly startedAt?: Date;
  readonly datasetVersionIds?: readonly string[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface RunPatch {
  readonly status?: RunStatus;
  readonly endedAt?: Date;
  readonly name?: string;
  /** null: it has none any more. */
  readonly parentId?: string | null;
  /** Out of the usual lists, or back in them. */
  readonly archived?: boolean;
}

/** Data sets by name and digest, logged models by id. */
export interface RunLinks {
  readonly datasets?: readonly { readonly name: string; readonly digest: string }[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

const STATUS_EVENTS = { FINISHED: 'run.finished', FAILED: 'run.failed', KILLED: 'run.killed', RUNNING: 'run.resumed' } as const;

/** Use cases of a run's life. Methods that take `tx` are steps of a larger use case; the others open a transaction. */
@Injectable()
export class RunsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RunsStore,
    private readonly experiments: ExperimentsStore,
    private readonly journal: Journal,
  ) {}

  async create(ctx: Ctx, input: NewRun): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const experiment = await this.experiments.byId(tx, ctx.workspaceId, input.experimentId);
      if (!experiment) throw noExperiment(input.experimentId);
      authorize(ctx, 'tracking.write', experiment.project);
      requireActive(experiment);
      return this.startIn(tx, ctx, input, experiment.num);
    });
  }

  async startIn(tx: Tx, ctx: Ctx, input: NewRun, experiment: number): Promise<{ id: string }> {
    const id = newId('run');
    const { experimentId, name, jobId = null, parentId = null, userName = '', startedAt = null } = input;
    const row = { id, workspaceId: ctx.workspaceId, experimentId, experiment, name, jobId, userName, parentId, startedAt };
    const num = await this.store.insert(tx, { ...row, createdBy: ctx.authId });
    const datasetVersionIds = [...(input.datasetVersionIds ?? [])];
    await this.store.addInputs(tx, id, datasetVersionIds);
    await this.store.addParams(tx, num, input.params ?? {});
    await putPairs(tx, 'run_tag', num, input.tags ?? {});
    await this.journal.record(tx, ctx, {
      event: 'run.started',
      subject: { kind: 'run', id },
      data: { runId: id, experimentId, jobId, datasetVersionIds, name, parentId, code: codeOf(input.tags ?? {}) },
    });
    return { id };
  }

  /** Changes what is given of a run, all or nothing. A run that had ended may go on: that is `run.resumed`. Deleted runs keep what they have. */
  async update(ctx: Ctx, runId: string, patch: RunPatch): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.writable(tx, ctx, runId, patch.status && hasEnded(patch.status) ? 'update' : 'no key update');
      await this.updateIn(tx, ctx, run, patch);
      return { id: runId };
    });
  }

  async finish(ctx: Ctx, runId: string, status: Exclude<RunStatus, 'RUNNING' | 'SCHEDULED'>): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      await this.writable(tx, ctx, runId, 'update');
      await this.finishIn(tx, ctx, runId, status);
      return { id: runId };
    });
  }

  /** Step: ends a run; one that has ended already stays as it is. */
  async finishIn(tx: Tx, ctx: Ctx, runId: string, status: Exclude<RunStatus, 'RUNNING' | 'SCHEDULED'>): Promise<void> {
    const run = await this.found(tx, ctx, runId, 'update');
    if (!hasEnded(run.status)) await this.updateIn(tx, ctx, run, { status });
  }

  /** A client's promise to say that it lives: from the first one on, the run is ended when they stop. */
  async heartbeat(ctx: Ctx, runId: string): Promise<{ id: string }> {
    return this.unitOfWork.run({}, async (tx) => {
      await this.writable(tx, ctx, runId);
      if (!(await this.store.beat(tx, runId))) throw new DomainError('CONFLICT', 'the run has ended', 'runId');
      return { id: runId };
    });
  }

  /** Ends runs whose heartbeats stopped more than `seconds` ago, by the database's clock. Returns how many. */
  async reapSilent(ctx: Ctx, seconds: number): Promise<number> {
    return this.unitOfWork.run({}, async (tx) => {
      const silent = await this.store.silent(tx, seconds);
      for (const { id, workspaceId } of silent) await this.finishIn(tx, { ...ctx, workspaceId }, id, 'KILLED');
      return silent.length;
    });
  }

  /** Puts a run into the trash, or takes it back. Twice is once. */
  async setDeleted(ctx: Ctx, runId: string, deleted: boolean): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.found(tx, ctx, runId);
      authorize(ctx, 'tracking.write', run.project);
      await this.store.setDeleted(tx, runId, deleted);
      await this.journal.record(tx, ctx, {
        event: deleted ? 'run.deleted' : 'run.restored',
        subject: { kind: 'run', id: runId },
        data: { runId, experimentId: run.experimentId },
      });
      return { id: runId };
    });
  }

  /**
   * Drops what a client logged after a step, and lets the run go on from there. Points of training attempts and of the platform stay. Throws CONFLICT
   * for a run of a training job, which goes on by itself.
   */
  async rewind(ctx: Ctx, runId: string, step: number): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.writable(tx, ctx, runId);
      if (run.jobId)
        throw new DomainError('CONFLICT', 'a run of a training job cannot be rewound; start the training anew', 'runId');
      const points = await this.store.rewind(tx, run.num, step);
      await this.journal.record(tx, ctx, {
        event: 'run.rewound',
        subject: { kind: 'run', id: runId },
        data: { runId, experimentId: run.experimentId, step, points },
      });
      await this.updateIn(tx, ctx, run, { status: 'RUNNING' });
      return { id: runId };
    });
  }

  /** Step: the change itself, with its events, of a run that is held as its end wants it. */
  async updateIn(tx: Tx, ctx: Ctx, run: RunFacts, patch: RunPatch): Promise<void> {
    const moved = patch.status !== undefined && patch.status !== run.status;
    const ended = moved && hasEnded(patch.status!);
    const resumed = moved && !ended && hasEnded(run.status);
    await this.store.update(tx, run.id, { ...patch, status: moved ? patch.status : undefined, ended, resumed });
    const logged = ended ? await this.store.counts(tx, run) : undefined;
    const { id: runId, experimentId, jobId } = run;
    const subject = { kind: 'run', id: runId };
    if (moved && patch.status !== 'SCHEDULED')
      await this.journal.record(tx, ctx, {
        event: STATUS_EVENTS[patch.status as keyof typeof STATUS_EVENTS],
        subject,
        data: { runId, experimentId, jobId, from: run.status, resumes: run.resumes + (resumed ? 1 : 0) },
        before: { status: run.status },
        after: { status: patch.status, logged },
      });
    const renamed = patch.name !== undefined && patch.name !== run.name;
    if (renamed || patch.parentId !== undefined || patch.archived !== undefined || patch.status === 'SCHEDULED')
      await this.updated(tx, ctx, { ...run, name: patch.name ?? run.name }, patch);
  }

  /** Step: says that what was logged of a run has changed otherwise than by logging while it runs. */
  async amendedIn(
    tx: Tx,
    ctx: Ctx,
    run: RunFacts,
    change: { readonly before?: unknown; readonly after?: unknown },
  ): Promise<void> {
    await this.journal.record(tx, ctx, {
      event: 'run.amended',
      subject: { kind: 'run', id: run.id },
      data: { runId: run.id, experimentId: run.experimentId },
      ...change,
    });
  }

  /** Step: says what a run used or made beside what it logged. */
  async linkedIn(tx: Tx, ctx: Ctx, run: RunFacts, { datasets = [], inputs = [], outputs = [] }: RunLinks): Promise<void> {
    if (datasets.length + inputs.length + outputs.length === 0) return;
    await this.journal.record(tx, ctx, {
      event: 'run.linked',
      subject: { kind: 'run', id: run.id },
      data: {
        runId: run.id,
        experimentId: run.experimentId,
        datasets: datasets.map(({ name, digest }) => ({ name, digest })),
        inputs: [...inputs],
        outputs: [...outputs],
        resumes: run.resumes,
      },
    });
  }

  private async updated(tx: Tx, ctx: Ctx, run: RunFacts, after: unknown): Promise<void> {
    const { id: runId, experimentId, name } = run;
    await this.journal.record(tx, ctx, {
      event: 'run.updated',
      subject: { kind: 'run', id: runId },
      data: { runId, experimentId, name },
      after,
    });
  }

  private async writable(tx: Tx, ctx: Ctx, runId: string, how?: 'update' | 'no key update'): Promise<RunFacts> {
    const run = await this.found(tx, ctx, runId, how);
    authorize(ctx, 'tracking.write', run.project);
    if (run.deleted) throw runDeleted(runId);
    return run;
  }

  private async found(tx: Tx, ctx: Ctx, runId: string, how: 'update' | 'no key update' = 'no key update'): Promise<RunFacts> {
    const run = await this.store.hold(tx, ctx.workspaceId, runId, how);
    if (!run) throw noRun(runId);
    return run;
  }
}

export function noRun(runId: string): DomainError {
  return new DomainError('NOT_FOUND', `there is no run ${runId}`, 'runId');
}

export function runDeleted(runId: string): DomainError {
  return new DomainError('CONFLICT', `the run ${runId} is deleted; restore it first`, 'runId', { reason: 'RUN_DELETED' });
}
