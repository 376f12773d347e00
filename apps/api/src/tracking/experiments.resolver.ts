import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import type { TextTest } from '#database';
import { Requires } from '#host';
import { parsePageSize } from '#kernel';
import { ExperimentSearch, ExperimentsService, type ExperimentCondition, type FoundExperiment } from '#tracking';
import { cursorConnection, PageInput } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import {
  CreateExperimentInput,
  ExperimentConnection,
  ExperimentFilter,
  ExperimentPayload,
  ExperimentType,
  ProjectType,
  UpdateExperimentInput,
} from './experiments.types.js';
import { RunViewEnum, textTests } from './run-filter.js';
import { RunLists } from './run-lists.js';
import { KeyValue, RunConnection, type KeyValueInput } from './tracking.types.js';

export const asRecord = (items: readonly KeyValueInput[] = []) => Object.fromEntries(items.map(({ key, value }) => [key, value]));

@Resolver(() => ExperimentType)
export class ExperimentsResolver {
  constructor(
    private readonly service: ExperimentsService,
    private readonly search: ExperimentSearch,
    private readonly lists: RunLists,
  ) {}

  @Query(() => ExperimentConnection)
  @Requires('tracking.read')
  async experiments(
    @Asker() ctx: Ctx,
    @Args() page: PageInput,
    @Args('where', { nullable: true }) where?: ExperimentFilter,
    @Args('view', { type: () => RunViewEnum, defaultValue: RunViewEnum.CURRENT }) view?: RunViewEnum,
  ) {
    const found = await this.search.search(ctx, {
      where: conditionsOf(where),
      view,
      limit: parsePageSize(page),
      after: page.after,
    });
    return cursorConnection(found.experiments, found.next !== undefined, (row) => found.cursorOf(row), page.after);
  }

  @Query(() => ExperimentType, { nullable: true })
  @Requires('tracking.read')
  experiment(@Load() load: Loaders, @Args('id', { type: () => ID }) id: string) {
    return load.experiment.load(id);
  }

  @Query(() => [ProjectType], { description: 'Project paths that hold experiments, as far as the caller may read them.' })
  @Requires('tracking.read')
  projects(@Asker() ctx: Ctx) {
    return this.search.projects(ctx);
  }

  @Mutation(() => ExperimentPayload, { description: 'Finds the experiment of that name, or makes it.' })
  @Requires('tracking.write')
  createExperiment(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateExperimentInput) {
    return mutate(async () => ({ experiment: await load.experiment.load((await this.service.ensure(ctx, input)).id) }));
  }

  @Mutation(() => ExperimentPayload)
  @Requires('tracking.write')
  updateExperiment(
    @Asker() ctx: Ctx,
    @Load() load: Loaders,
    @Args('input') { experimentId, tags, ...patch }: UpdateExperimentInput,
  ) {
    return mutate(async () => {
      await this.service.update(ctx, experimentId, { ...patch, tags: tags && asRecord(tags) });
      return { experiment: await load.experiment.load(experimentId) };
    });
  }

  @Mutation(() => ExperimentPayload, { description: 'Puts it, with its runs, into the trash.' })
  @Requires('tracking.write')
  deleteExperiment(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('experimentId', { type: () => ID }) id: string) {
    return mutate(async () => ({ experiment: await load.experiment.load((await this.service.delete(ctx, id)).id) }));
  }

  @Mutation(() => ExperimentPayload, { description: 'Takes it out of the trash, with the runs that were deleted with it.' })
  @Requires('tracking.write')
  restoreExperiment(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('experimentId', { type: () => ID }) id: string) {
    return mutate(async () => ({ experiment: await load.experiment.load((await this.service.restore(ctx, id)).id) }));
  }

  @ResolveField(() => [KeyValue])
  tags(@Parent() experiment: FoundExperiment) {
    return Object.entries(experiment.tags).map(([key, value]) => ({ key, value }));
  }

  @ResolveField(() => RunConnection)
  runs(@Parent() experiment: FoundExperiment, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return this.lists.page(ctx, { experimentId: experiment.id }, page);
  }
}

function conditionsOf(where: ExperimentFilter | undefined): ExperimentCondition[] {
  const names = textTests(where?.name).map((test: TextTest): ExperimentCondition => ({ kind: 'name', ...test }));
  return where?.project ? [...names, { kind: 'project', path: where.project }] : names;
}
