import { Args, ID, Int, Mutation, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { DomainError } from '#kernel';
import { Requires } from '#host';
import { ExperimentsService, LoggingService, RunsService, TrackingView, type ExperimentRow, type RunRow } from '#tracking';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { DatasetVersionType } from '../datasets/datasets.types.js';
import { LiveCurves } from './live-curves.js';
import {
  ArtifactType,
  CreateExperimentInput,
  CreateRunInput,
  ExperimentConnection,
  ExperimentFilter,
  ExperimentPayload,
  ExperimentType,
  FinishRunInput,
  KeyValue,
  LogRunInput,
  MetricPointType,
  MetricType,
  RunConnection,
  RunFilter,
  RunPayload,
  RunType,
  type KeyValueInput,
} from './tracking.types.js';

const MAX_CURVE = 10_000;
const asRecord = (items: readonly KeyValueInput[] = []) => Object.fromEntries(items.map(({ key, value }) => [key, value]));
const finite = (value: number) => (Number.isFinite(value) ? value : null);

@Resolver(() => ExperimentType)
export class ExperimentsResolver {
  constructor(
    private readonly service: ExperimentsService,
    private readonly view: TrackingView,
  ) {}

  @Query(() => ExperimentConnection)
  @Requires('tracking.read')
  async experiments(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: ExperimentFilter) {
    return toConnection(await this.view.experiments(ctx, where ?? {}, page), page.after);
  }

  @Mutation(() => ExperimentPayload, { description: 'Finds the experiment of that name, or makes it.' })
  @Requires('tracking.write')
  createExperiment(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateExperimentInput) {
    return mutate(async () => ({ experiment: await load.experiment.load((await this.service.ensure(ctx, input)).id) }));
  }

  @ResolveField(() => RunConnection)
  async runs(@Parent() experiment: ExperimentRow, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.runs(ctx, { experimentId: experiment.id }, page), page.after);
  }
}

@Resolver(() => RunType)
export class RunsResolver {
  constructor(
    private readonly service: RunsService,
    private readonly logging: LoggingService,
    private readonly view: TrackingView,
    private readonly live: LiveCurves,
  ) {}

  @Query(() => RunConnection)
  @Requires('tracking.read')
  async runs(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: RunFilter) {
    return toConnection(await this.view.runs(ctx, where ?? {}, page), page.after);
  }

  @Query(() => RunType, { nullable: true })
  @Requires('tracking.read')
  run(@Load() load: Loaders, @Args('id', { type: () => ID }) id: string) {
    return load.run.load(id);
  }

  @Mutation(() => RunPayload)
  @Requires('tracking.write')
  createRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateRunInput) {
    const run = { ...input, params: asRecord(input.params), tags: asRecord(input.tags) };
    return mutate(async () => ({ run: await load.run.load((await this.service.create(ctx, run)).id) }));
  }

  @Mutation(() => RunPayload)
  @Requires('tracking.write')
  logRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: LogRunInput) {
    const now = ctx.clock.now().getTime();
    const points = input.metrics?.map((metric) => ({ ...metric, timestamp: Math.trunc(metric.timestamp ?? now) }));
    return mutate(async () => {
      await this.logging.log(ctx, input.runId, { points, params: asRecord(input.params), tags: asRecord(input.tags) });
      return { run: await load.run.load(input.runId) };
    });
  }

  @Mutation(() => RunPayload)
  @Requires('tracking.write')
  finishRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: FinishRunInput) {
    return mutate(async () => ({ run: await load.run.load((await this.service.finish(ctx, input.runId, input.status)).id) }));
  }

  @Mutation(() => RunPayload, {
    description: 'Says that the client of a run lives; once it did, the run is ended when it stops.',
  })
  @Requires('tracking.write')
  heartbeatRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('runId', { type: () => ID }) runId: string) {
    return mutate(async () => ({ run: await load.run.load((await this.service.heartbeat(ctx, runId)).id) }));
  }

  @Subscription(() => [MetricPointType], {
    description: 'Points of a run from after a step on, as they come, in batches; ends when the run has ended.',
    resolve: (points: unknown) => points,
  })
  @Requires('tracking.read')
  async runMetrics(
    @Asker() ctx: Ctx,
    @Load() load: Loaders,
    @Args('runId', { type: () => ID }) runId: string,
    @Args('afterStep', { type: () => Int, defaultValue: -1 }) afterStep: number,
  ) {
    if (!(await load.run.load(runId))) throw new DomainError('NOT_FOUND', `there is no run ${runId}`, 'runId');
    return this.live.follow(ctx, runId, afterStep);
  }

  @ResolveField(() => ExperimentType)
  experiment(@Parent() run: RunRow, @Load() load: Loaders) {
    return load.experiment.load(run.experimentId);
  }

  @ResolveField(() => [KeyValue])
  params(@Parent() run: RunRow, @Load() load: Loaders) {
    return load.params.load(run.num);
  }

  @ResolveField(() => [KeyValue])
  tags(@Parent() run: RunRow, @Load() load: Loaders) {
    return load.tags.load(run.num);
  }

  @ResolveField(() => [MetricType])
  async metrics(
    @Parent() run: RunRow,
    @Load() load: Loaders,
    @Args('keys', { type: () => [String], nullable: true }) keys?: string[],
  ) {
    const metrics = await load.metrics.load(run.id);
    return metrics
      .filter((metric) => !keys || keys.includes(metric.key))
      .map((metric) => ({ ...metric, value: finite(metric.value), text: String(metric.value) }));
  }

  @ResolveField(() => [MetricPointType])
  async curve(@Parent() run: RunRow, @Asker() ctx: Ctx, @Args('keys', { type: () => [String], nullable: true }) keys?: string[]) {
    const points = await this.view.curve(ctx, run.id, keys ?? null, -1, MAX_CURVE);
    return points.map((point) => ({ ...point, value: finite(point.value) }));
  }

  @ResolveField(() => [ArtifactType])
  artifacts(@Parent() run: RunRow, @Load() load: Loaders) {
    return load.artifacts.load(run.id);
  }

  @ResolveField(() => [DatasetVersionType])
  async datasetVersions(@Parent() run: RunRow, @Load() load: Loaders) {
    const inputs = await load.inputs.load(run.id);
    return Promise.all(inputs.map((input) => load.datasetVersion.load(input.datasetVersionId)));
  }
}
