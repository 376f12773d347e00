import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { DatasetsService, DatasetsView, type DatasetRow, type DatasetVersionRow } from '#datasets';
import { Requires } from '#host';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import {
  CreateDatasetInput,
  CreateDatasetPayload,
  CreateDatasetVersionInput,
  CreateDatasetVersionPayload,
  DatasetConnection,
  DatasetFilter,
  DatasetType,
  DatasetVersionConnection,
  DatasetVersionFilter,
  DatasetVersionPayload,
  DatasetVersionType,
  RetractDatasetVersionInput,
} from './datasets.types.js';

@Resolver(() => DatasetType)
export class DatasetsResolver {
  constructor(
    private readonly service: DatasetsService,
    private readonly view: DatasetsView,
  ) {}

  @Query(() => DatasetConnection)
  @Requires('dataset.read')
  async datasets(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: DatasetFilter) {
    return toConnection(await this.view.list(ctx, where ?? {}, page), page.after);
  }

  @Query(() => DatasetType, { nullable: true })
  @Requires('dataset.read')
  dataset(@Asker() ctx: Ctx, @Args('name') name: string) {
    return this.view.byName(ctx, name);
  }

  @Query(() => DatasetVersionConnection)
  @Requires('dataset.read')
  async datasetVersions(
    @Asker() ctx: Ctx,
    @Args() page: PageInput,
    @Args('where', { nullable: true }) where?: DatasetVersionFilter,
  ) {
    return toConnection(await this.view.versions(ctx, where ?? {}, page), page.after);
  }

  @Query(() => DatasetVersionType, { nullable: true })
  @Requires('dataset.read')
  datasetVersion(@Load() load: Loaders, @Args('id', { type: () => ID }) id: string) {
    return load.datasetVersion.load(id);
  }

  @Mutation(() => CreateDatasetPayload)
  @Requires('dataset.write')
  createDataset(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateDatasetInput) {
    return mutate(async () => ({ dataset: await load.dataset.load((await this.service.create(ctx, input)).id) }));
  }

  @Mutation(() => CreateDatasetVersionPayload)
  @Requires('dataset.write')
  createDatasetVersion(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateDatasetVersionInput) {
    return mutate(async () => {
      const { id, created } = await this.service.createVersion(ctx, input);
      return { datasetVersion: await load.datasetVersion.load(id), created };
    });
  }

  @Mutation(() => DatasetVersionPayload, {
    description: 'Withdraws a version: nothing new trains on it or is judged by it. What runs goes on; the content stays.',
  })
  @Requires('dataset.write')
  retractDatasetVersion(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: RetractDatasetVersionInput) {
    return mutate(async () => ({ datasetVersion: await load.datasetVersion.load((await this.service.retract(ctx, input)).id) }));
  }

  @ResolveField(() => DatasetVersionType, { nullable: true, description: 'The newest version, whatever its state.' })
  async newestVersion(@Parent() dataset: DatasetRow, @Load() load: Loaders) {
    return (await load.newestVersion.load(dataset.id))[0];
  }
}

@Resolver(() => DatasetVersionType)
export class DatasetVersionResolver {
  @ResolveField(() => DatasetType)
  dataset(@Parent() version: DatasetVersionRow, @Load() load: Loaders) {
    return load.dataset.load(version.datasetId);
  }

  @ResolveField(() => DatasetVersionType, { nullable: true })
  parent(@Parent() version: DatasetVersionRow, @Load() load: Loaders) {
    return version.parentId && load.datasetVersion.load(version.parentId);
  }
}
