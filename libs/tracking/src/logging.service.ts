import { Injectable } from '@nestjs/common';
import { authorize, type Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { Notifier } from '#messaging';
import { LoggingStore } from './logging.store.js';
import { MetricAnnouncements } from './metric-announcements.js';
import type { LogLine } from './model/log-line.js';
import { hasEnded, type Point, type Source } from './model/run.js';
import { putPairs } from './pairs.store.js';
import { noRun, runDeleted, RunsService, type RunPatch } from './runs.service.js';
import { RunsStore, type RunFacts } from './runs.store.js';

export interface LogInput {
  readonly points?: readonly Point[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** What changes of the run itself. */
  readonly patch?: RunPatch;
}

export interface DatasetInput {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema?: string | null;
  readonly profile?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Use cases of logging to a run: what a client, an attempt or the platform measured and noted. */
@Injectable()
export class LoggingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: LoggingStore,
    private readonly runs: RunsStore,
    private readonly life: RunsService,
    private readonly announcements: MetricAnnouncements,
    private readonly notifier: Notifier,
  ) {}

  /**
   * Logs points, params and tags of a run, all or nothing. Replays and reordering leave the same state. Throws CONFLICT (`details.reason`
   * PARAM_CHANGED) when a parameter has another value already.
   */
  async log(ctx: Ctx, runId: string, input: LogInput): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const { status } = input.patch ?? {};
      const run = await this.writable(tx, ctx, runId, status && hasEnded(status) ? 'update' : 'key share');
      await this.write(tx, run, input.params ?? {}, input.tags ?? {});
      if (input.points?.length) await this.ingest(tx, ctx, run, input.points, 'client', 0);
      await this.amended(tx, ctx, run, summaryOf(input));
      if (input.patch) await this.life.updateIn(tx, ctx, run, input.patch);
      return { id: runId };
    });
  }

  /** Step: points of a training attempt, or of the platform itself. */
  async logIn(tx: Tx, ctx: Ctx, runId: string, points: readonly Point[], source: Source, attempt: number): Promise<void> {
    const run = await this.held(tx, ctx, runId);
    await this.ingest(tx, ctx, run, points, source, attempt);
    await this.amended(tx, ctx, run, summaryOf({ points }));
  }

  /**
   * Lines that a run printed. Each has the writer's own count, or gets the next one: then lines that are sent twice are there twice.
   */
  async logLines(
    ctx: Ctx,
    runId: string,
    lines: readonly (Omit<LogLine, 'n'> & { readonly n?: number | null })[],
  ): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const counted = lines.every((line) => typeof line.n === 'number');
      // Lines that are counted here are counted one call after the other.
      const run = await this.writable(tx, ctx, runId, counted ? 'key share' : 'no key update');
      let next = counted ? 0 : await this.store.nextLine(tx, run.num, 0);
      await this.addLines(
        tx,
        run,
        0,
        lines.map((line) => ({ ...line, n: line.n ?? next++ })),
      );
      return { id: runId };
    });
  }

  /** Step: lines of a training attempt. */
  async logLinesIn(tx: Tx, ctx: Ctx, runId: string, lines: readonly LogLine[], attempt: number): Promise<void> {
    await this.addLines(tx, await this.held(tx, ctx, runId), attempt, lines);
  }

  private async addLines(tx: Tx, run: RunFacts, attempt: number, lines: readonly LogLine[]): Promise<void> {
    if (lines.length === 0) return;
    await this.store.addLines(tx, run.num, attempt, lines);
    tx.afterCommit(async () => this.notifier.wake('run_log', run.id));
  }

  /** Step: params and tags. */
  async describeIn(
    tx: Tx,
    ctx: Ctx,
    runId: string,
    params: Readonly<Record<string, string>>,
    tags: Readonly<Record<string, string>>,
  ): Promise<void> {
    const run = await this.held(tx, ctx, runId);
    await this.write(tx, run, params, tags);
    await this.amended(tx, ctx, run, summaryOf({ params, tags }));
  }

  /** Sets a tag to what `next` makes of its present value; calls for one run come one after the other. */
  async changeTag(ctx: Ctx, runId: string, key: string, next: (value: string | undefined) => string): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.writable(tx, ctx, runId, 'no key update');
      await putPairs(tx, 'run_tag', run.num, { [key]: next(await this.runs.tag(tx, run.num, key)) });
      await this.amended(tx, ctx, run, { tags: [key] });
      return { id: runId };
    });
  }

  /** Throws NOT_FOUND (`details.reason` NO_TAG) when there is no such tag. */
  async deleteTag(ctx: Ctx, runId: string, key: string): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.writable(tx, ctx, runId);
      if (!(await this.runs.deleteTag(tx, run.num, key)))
        throw new DomainError('NOT_FOUND', `the run has no tag ${key}`, 'key', { reason: 'NO_TAG' });
      await this.life.amendedIn(tx, ctx, run, { before: { tags: [key] }, after: { tags: [] } });
      return { id: runId };
    });
  }

  /** Data sets and logged models that a run used. Throws NOT_FOUND for a model that is not there; then nothing is kept. */
  async logInputs(
    ctx: Ctx,
    runId: string,
    input: { datasets?: readonly DatasetInput[]; modelIds?: readonly string[] },
  ): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.writable(tx, ctx, runId);
      const datasets = (input.datasets ?? []).map((set) => ({
        ...set,
        id: newId('loggedDataset'),
        schema: set.schema ?? null,
        profile: set.profile ?? null,
        tags: set.tags ?? {},
      }));
      await this.store.addDatasets(tx, run, datasets);
      const models = (input.modelIds ?? []).map((modelId) => ({ modelId, step: 0 }));
      await this.linkModels(tx, ctx, run, 'input', models);
      await this.life.linkedIn(tx, ctx, run, { datasets: input.datasets, inputs: input.modelIds });
      await this.amended(tx, ctx, run, { datasets: datasets.map(({ digest }) => digest), models: input.modelIds });
      return { id: runId };
    });
  }

  /** Logged models that a run made, at a step. Throws NOT_FOUND for a model that is not there; then nothing is kept. */
  async logOutputs(
    ctx: Ctx,
    runId: string,
    models: readonly { readonly modelId: string; readonly step: number }[],
  ): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const run = await this.writable(tx, ctx, runId);
      await this.linkModels(tx, ctx, run, 'output', models);
      await this.life.linkedIn(tx, ctx, run, { outputs: models.map(({ modelId }) => modelId) });
      await this.amended(tx, ctx, run, { outputs: models.map(({ modelId }) => modelId) });
      return { id: runId };
    });
  }

  private async linkModels(
    tx: Tx,
    ctx: Ctx,
    run: RunFacts,
    direction: 'input' | 'output',
    models: readonly { readonly modelId: string; readonly step: number }[],
  ): Promise<void> {
    if (models.length === 0) return;
    const [missing] = await this.store.addModels(tx, ctx.workspaceId, run.num, direction, models);
    if (missing !== undefined)
      throw new DomainError('NOT_FOUND', `there is no logged model ${missing}`, 'modelId', { reason: 'NO_MODEL', id: missing });
  }

  private async write(
    tx: Tx,
    run: RunFacts,
    params: Readonly<Record<string, string>>,
    tags: Readonly<Record<string, string>>,
  ): Promise<void> {
    const [differing] = await this.runs.addParams(tx, run.num, params);
    if (differing)
      throw new DomainError(
        'CONFLICT',
        `parameter ${differing.key} has another value already; parameters are written once`,
        'params',
        { reason: 'PARAM_CHANGED', ...differing },
      );
    await putPairs(tx, 'run_tag', run.num, tags);
  }

  private async ingest(
    tx: Tx,
    ctx: Ctx,
    run: RunFacts,
    points: readonly Point[],
    source: Source,
    attempt: number,
  ): Promise<void> {
    const keys = points.map((point) => point.key);
    const ids = await this.store.internKeys(tx, ctx.workspaceId, keys);
    await this.store.ingest(tx, run, source, attempt, ids, points);
    const ofModels = points.filter((point) => point.modelId !== undefined);
    if (ofModels.length > 0) await this.store.modelMetrics(tx, ctx.workspaceId, run.num, ids, ofModels);
    tx.afterCommit(async () => this.notifier.wake('run_metrics', run.id));
    await this.announcements.logged(tx, ctx, run, points);
  }

  /** Logging to a run that goes on is said by its end alone; what comes after that is a change. */
  private async amended(tx: Tx, ctx: Ctx, run: RunFacts, after: object | undefined): Promise<void> {
    if (after && hasEnded(run.status)) await this.life.amendedIn(tx, ctx, run, { after });
  }

  private async writable(tx: Tx, ctx: Ctx, runId: string, how?: Parameters<RunsStore['hold']>[3]): Promise<RunFacts> {
    const run = await this.held(tx, ctx, runId, how);
    authorize(ctx, 'tracking.write', run.project);
    if (run.deleted) throw runDeleted(runId);
    return run;
  }

  private async held(tx: Tx, ctx: Ctx, runId: string, how: Parameters<RunsStore['hold']>[3] = 'key share'): Promise<RunFacts> {
    const run = await this.runs.hold(tx, ctx.workspaceId, runId, how);
    if (!run) throw noRun(runId);
    if (hasEnded(run.status)) await this.runs.revise(tx, run.id);
    return run;
  }
}

/** What a call logs: keys without values, and how many points; undefined for nothing. */
function summaryOf({ points = [], params = {}, tags = {} }: LogInput): object | undefined {
  const keys = { params: Object.keys(params), tags: Object.keys(tags) };
  return points.length + keys.params.length + keys.tags.length > 0 ? { points: points.length, ...keys } : undefined;
}
