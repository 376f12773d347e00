import { Args, ID, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { decodeCursor, parsePageSize, toPage } from '#kernel';
import { LoggedModelsView, type FoundLoggedModel, type FoundRun, type LoggedModelMetric } from '#tracking';
import { cursorConnection, PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { ExperimentType } from './experiments.types.js';
import { LoggedModelFilter, modelConditions, modelOrder, LoggedModelOrderInput } from './logged-model-filter.js';
import { LoggedModelConnection, LoggedModelMetricType, LoggedModelType } from './logged-models.types.js';
import { ArtifactType, KeyValue, RunType } from './tracking.types.js';

const KEYS = { type: () => [String], nullable: true };

@Resolver(() => LoggedModelType)
export class LoggedModelsResolver {
  constructor(private readonly view: LoggedModelsView) {}

  @Query(() => LoggedModelConnection, { description: 'Of these experiments, or of all that are not in the trash.' })
  @Requires('tracking.read')
  async loggedModels(
    @Asker() ctx: Ctx,
    @Args() page: PageInput,
    @Args('experimentIds', { type: () => [ID], nullable: true }) experimentIds?: string[] | null,
    @Args('where', { nullable: true }) where?: LoggedModelFilter,
    @Args('orderBy', { type: () => [LoggedModelOrderInput], nullable: true }) orderBy?: LoggedModelOrderInput[] | null,
  ) {
    const found = await this.view.search(ctx, {
      experimentIds: experimentIds ?? undefined,
      where: modelConditions(where ?? {}),
      orderBy: modelOrder(orderBy),
      limit: parsePageSize(page),
      after: page.after ?? undefined,
    });
    return cursorConnection(found.models, found.next !== undefined, (model) => found.cursorOf(model), page.after);
  }

  @Query(() => LoggedModelType, { nullable: true })
  @Requires('tracking.read')
  loggedModel(@Load() load: Loaders, @Args('id', { type: () => ID }) id: string) {
    return load.loggedModel.load(id);
  }

  @ResolveField(() => ExperimentType)
  experiment(@Parent() model: FoundLoggedModel, @Load() load: Loaders) {
    return load.experiment.load(model.experimentId);
  }

  @ResolveField(() => RunType, { nullable: true, description: 'The run that made it.' })
  sourceRun(@Parent() model: FoundLoggedModel, @Load() load: Loaders) {
    return model.sourceRunId && load.run.load(model.sourceRunId);
  }

  @ResolveField(() => [KeyValue])
  params(@Parent() model: FoundLoggedModel, @Args('keys', KEYS) keys?: string[] | null) {
    return pairs(model.params, keys);
  }

  @ResolveField(() => [KeyValue])
  tags(@Parent() model: FoundLoggedModel, @Args('keys', KEYS) keys?: string[] | null) {
    return pairs(model.tags, keys);
  }

  @ResolveField(() => [LoggedModelMetricType], { description: 'Every measurement, by key and step.' })
  metrics(@Parent() model: FoundLoggedModel, @Args('keys', KEYS) keys?: string[] | null) {
    return model.metrics.filter(({ key }) => !keys || keys.includes(key)).map(toMetric);
  }

  @ResolveField(() => [ArtifactType])
  artifacts(@Parent() model: FoundLoggedModel, @Load() load: Loaders) {
    return load.artifacts.load(model.id);
  }
}

@Resolver(() => LoggedModelMetricType)
export class LoggedModelMetricsResolver {
  @ResolveField(() => RunType, { nullable: true, description: 'Who measured it.' })
  run(@Parent() metric: { readonly runId: string }, @Load() load: Loaders) {
    return load.run.load(metric.runId);
  }
}

/** What a run shows of the models that it made. */
@Resolver(() => RunType)
export class ModelsOfRunResolver {
  @ResolveField(() => LoggedModelConnection, { description: 'Models that it made, newest first.' })
  async loggedModels(@Parent() run: FoundRun, @Load() load: Loaders, @Args() page: PageInput) {
    const limit = parsePageSize(page);
    const after = page.after ? decodeCursor(page.after) : undefined;
    return toConnection(toPage(await load.loggedModelsOfRun({ limit, after }).load(run.id), limit), page.after);
  }
}

function pairs(record: Readonly<Record<string, string>>, keys: readonly string[] | null | undefined): KeyValue[] {
  const all = Object.entries(record).map(([key, value]) => ({ key, value }));
  return keys ? all.filter(({ key }) => keys.includes(key)) : all;
}

function toMetric({ value, datasetName, datasetDigest, ...metric }: LoggedModelMetric) {
  return {
    ...metric,
    value: Number.isFinite(value) ? value : null,
    text: String(value),
    datasetName: datasetName || null,
    datasetDigest: datasetDigest || null,
  };
}
