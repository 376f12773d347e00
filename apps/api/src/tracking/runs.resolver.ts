import { Args, ID, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { DomainError } from '#kernel';
import { Requires } from '#host';
import { RunSearch, TrackingView, type FoundRun } from '#tracking';
import { DatasetVersionType } from '../datasets/datasets.types.js';
import { PageInput } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { ExperimentType } from './experiments.types.js';
import { queryOf, RunLists } from './run-lists.js';
import { RunFilter, RunOrder, RunViewEnum } from './run-filter.js';
import {
  ArtifactType,
  KeyValue,
  LoggedDatasetType,
  MetricPointType,
  MetricType,
  RunConnection,
  RunCount,
  RunType,
} from './tracking.types.js';

const MAX_CURVE = 10_000;
/** Runs are counted up to here. */
const MOST_COUNTED = 10_000;
/** A client that promised no heartbeats and was not heard of for so long is called silent; it may still write. */
const SILENT_MS = 10 * 60_000;
const finite = (value: number) => (Number.isFinite(value) ? value : null);

@Resolver(() => RunType)
export class RunsResolver {
  constructor(
    private readonly search: RunSearch,
    private readonly view: TrackingView,
    private readonly lists: RunLists,
  ) {}

  @Query(() => RunConnection)
  @Requires('tracking.read')
  runs(
    @Asker() ctx: Ctx,
    @Args() page: PageInput,
    @Args('where', { nullable: true }) where?: RunFilter,
    @Args('orderBy', { type: () => [RunOrder], nullable: true }) orderBy?: RunOrder[],
    @Args('view', { type: () => RunViewEnum, defaultValue: RunViewEnum.CURRENT }) view?: RunViewEnum,
  ) {
    return this.lists.page(ctx, where ?? {}, page, orderBy, view);
  }

  @Query(() => RunCount, { description: `How many runs there are, counted up to ${MOST_COUNTED}.` })
  @Requires('tracking.read')
  async runCount(
    @Asker() ctx: Ctx,
    @Args('where', { nullable: true }) where?: RunFilter,
    @Args('view', { type: () => RunViewEnum, defaultValue: RunViewEnum.CURRENT }) view: RunViewEnum = RunViewEnum.CURRENT,
  ): Promise<RunCount> {
    const count = await this.search.count(ctx, queryOf(where ?? {}, view), MOST_COUNTED);
    return { count: Math.min(count, MOST_COUNTED), exact: count <= MOST_COUNTED };
  }

  @Query(() => RunType, { nullable: true })
  @Requires('tracking.read')
  run(@Load() load: Loaders, @Args('id', { type: () => ID }) id: string) {
    return load.run.load(id);
  }

  @ResolveField(() => ExperimentType)
  experiment(@Parent() run: FoundRun, @Load() load: Loaders) {
    return load.experiment.load(run.experimentId);
  }

  @ResolveField(() => Boolean, { description: 'RUNNING, without promised heartbeats, and not heard of for ten minutes.' })
  silent(@Parent() run: FoundRun, @Asker() ctx: Ctx) {
    return run.status === 'RUNNING' && !run.beats && ctx.clock.now().getTime() - run.heardAt.getTime() > SILENT_MS;
  }

  @ResolveField(() => RunType, { nullable: true })
  parent(@Parent() run: FoundRun, @Load() load: Loaders) {
    return run.parentId ? load.run.load(run.parentId) : null;
  }

  @ResolveField(() => RunConnection)
  children(@Parent() run: FoundRun, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return this.lists.page(ctx, { parentId: run.id }, page);
  }

  @ResolveField(() => [KeyValue])
  params(
    @Parent() run: FoundRun,
    @Load() load: Loaders,
    @Args('keys', { type: () => [String], nullable: true }) keys?: string[],
  ) {
    return load.params(keys).load(run.num);
  }

  @ResolveField(() => [KeyValue])
  tags(@Parent() run: FoundRun, @Load() load: Loaders, @Args('keys', { type: () => [String], nullable: true }) keys?: string[]) {
    return load.tags(keys).load(run.num);
  }

  @ResolveField(() => [MetricType])
  async metrics(
    @Parent() run: FoundRun,
    @Load() load: Loaders,
    @Args('keys', { type: () => [String], nullable: true }) keys?: string[],
  ) {
    const metrics = await load.metrics(keys).load(run.num);
    return metrics.map((metric) => ({ ...metric, value: finite(metric.value), text: String(metric.value) }));
  }

  @ResolveField(() => [MetricPointType], {
    description: `Up to ${MAX_CURVE} points in order of step; metricHistories samples longer ones.`,
  })
  async curve(
    @Parent() run: FoundRun,
    @Asker() ctx: Ctx,
    @Args('keys', { type: () => [String], nullable: true }) keys?: string[],
  ) {
    const points = await this.view.curve(ctx, run.id, keys ?? null, -1, MAX_CURVE);
    return points.map((point) => ({ ...point, value: finite(point.value) }));
  }

  @ResolveField(() => [ArtifactType])
  artifacts(@Parent() run: FoundRun, @Load() load: Loaders) {
    return load.artifacts.load(run.id);
  }

  @ResolveField(() => [DatasetVersionType])
  async datasetVersions(@Parent() run: FoundRun, @Load() load: Loaders) {
    const inputs = await load.inputs.load(run.id);
    return Promise.all(inputs.map((input) => load.datasetVersion.load(input.datasetVersionId)));
  }

  @ResolveField(() => [LoggedDatasetType], { description: 'Data sets as clients described them.' })
  loggedDatasets(@Parent() run: FoundRun, @Load() load: Loaders) {
    return load.loggedDatasets.load(run.num);
  }
}

/** Throws NOT_FOUND for a run that is not there, or not for the caller. */
export async function requireRun(load: Loaders, id: string): Promise<FoundRun> {
  const run = await load.run.load(id);
  if (!run) throw new DomainError('NOT_FOUND', `there is no run ${id}`, 'runId');
  return run;
}
