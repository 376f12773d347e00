import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { AliasesService, measuredFigures, RegistryView, VersionsService, type ModelVersionRow } from '#registry';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { DatasetVersionType } from '../datasets/datasets.types.js';
import { RunType } from '../tracking/tracking.types.js';
import {
  DeleteModelVersionInput,
  MeasuredFigure,
  ModelType,
  ModelVersionConnection,
  ModelVersionFilter,
  ModelVersionPayload,
  ModelVersionType,
  RegistryTagType,
  SetModelAliasInput,
  StageRequestConnection,
  UpdateModelVersionInput,
} from './registry.types.js';
import { tagPatch } from './tag-patch.js';

@Resolver(() => ModelVersionType)
export class ModelVersionsResolver {
  constructor(
    private readonly service: VersionsService,
    private readonly aliasesService: AliasesService,
    private readonly view: RegistryView,
  ) {}

  @Query(() => ModelVersionConnection)
  @Requires('registry.read')
  async modelVersions(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: ModelVersionFilter) {
    return toConnection(await this.view.versions(ctx, where ?? {}, page), page.after);
  }

  @Mutation(() => ModelVersionPayload)
  @Requires('registry.write')
  updateModelVersion(
    @Asker() ctx: Ctx,
    @Load() load: Loaders,
    @Args('input') { id, tags, card, ...patch }: UpdateModelVersionInput,
  ) {
    const change = { ...patch, tags: tagPatch(tags), card: card ?? undefined };
    return this.changed(load, () => this.service.update(ctx, { id }, change));
  }

  @Mutation(() => ModelVersionPayload, { description: 'Its number stays taken.' })
  @Requires('registry.write')
  deleteModelVersion(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { id }: DeleteModelVersionInput) {
    return this.changed(load, () => this.service.delete(ctx, { id }));
  }

  @Mutation(() => ModelVersionPayload, { description: 'Points an alias at a version, away from the one before.' })
  @Requires('registry.write')
  setModelAlias(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { versionId, alias }: SetModelAliasInput) {
    return this.changed(load, () => this.aliasesService.set(ctx, { id: versionId }, alias));
  }

  private changed(load: Loaders, work: () => Promise<{ id: string }>) {
    return mutate(async () => ({ modelVersion: await load.modelVersion.load((await work()).id) }));
  }

  @ResolveField(() => ModelType)
  model(@Parent() version: ModelVersionRow, @Load() load: Loaders) {
    return load.model.load(version.modelId);
  }

  @ResolveField(() => RunType, { nullable: true })
  run(@Parent() version: ModelVersionRow, @Load() load: Loaders) {
    return version.runId && load.run.load(version.runId);
  }

  @ResolveField(() => [RegistryTagType])
  tags(@Parent() version: ModelVersionRow, @Load() load: Loaders) {
    return load.versionTags.load(version.id);
  }

  @ResolveField(() => [String])
  async aliases(@Parent() version: ModelVersionRow, @Load() load: Loaders) {
    return (await load.versionAliases.load(version.id)).map(({ alias }) => alias);
  }

  @ResolveField(() => DatasetVersionType, { nullable: true })
  datasetVersion(@Parent() version: ModelVersionRow, @Load() load: Loaders) {
    return version.datasetVersionId && load.datasetVersion.load(version.datasetVersionId);
  }

  @ResolveField(() => [MeasuredFigure], { description: 'What gates may name.' })
  measured(@Parent() version: ModelVersionRow) {
    return Object.entries(version.evaluation ? measuredFigures(version.evaluation) : {}).map(([key, value]) => ({ key, value }));
  }

  @ResolveField(() => StageRequestConnection)
  async requests(@Parent() version: ModelVersionRow, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.requests(ctx, { versionId: version.id }, page), page.after);
  }
}
