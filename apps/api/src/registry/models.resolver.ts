import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { AliasesService, ModelChangesService, ModelsService, RegistryView, type ModelRow } from '#registry';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import {
  CreateModelInput,
  ModelAliasType,
  ModelConnection,
  ModelFilter,
  ModelPayload,
  ModelType,
  ModelVersionConnection,
  RegistryTagType,
  RemoveModelAliasInput,
  UpdateModelInput,
} from './registry.types.js';
import { tagPatch } from './tag-patch.js';

@Resolver(() => ModelType)
export class ModelsResolver {
  constructor(
    private readonly service: ModelsService,
    private readonly changes: ModelChangesService,
    private readonly aliasesService: AliasesService,
    private readonly view: RegistryView,
  ) {}

  @Query(() => ModelConnection)
  @Requires('registry.read')
  async models(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: ModelFilter) {
    return toConnection(await this.view.models(ctx, where ?? {}, page), page.after);
  }

  @Mutation(() => ModelPayload)
  @Requires('registry.write')
  createModel(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateModelInput) {
    return mutate(async () => ({ model: await load.model.load((await this.service.create(ctx, input)).id) }));
  }

  @Mutation(() => ModelPayload)
  @Requires('registry.write')
  updateModel(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { id, tags, ...patch }: UpdateModelInput) {
    return mutate(async () => {
      await this.changes.update(ctx, { id }, { ...patch, tags: tagPatch(tags) });
      return { model: await load.model.load(id) };
    });
  }

  @Mutation(() => ModelPayload, { description: 'Nothing happens when there is no such alias.' })
  @Requires('registry.write')
  removeModelAlias(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { modelId, alias }: RemoveModelAliasInput) {
    return mutate(async () => {
      await this.aliasesService.remove(ctx, { id: modelId }, alias);
      return { model: await load.model.load(modelId) };
    });
  }

  @ResolveField(() => [RegistryTagType])
  tags(@Parent() model: ModelRow, @Load() load: Loaders) {
    return load.modelTags.load(model.id);
  }

  @ResolveField(() => [ModelAliasType])
  async aliases(@Parent() model: ModelRow, @Load() load: Loaders) {
    const rows = await load.modelAliases.load(model.id);
    return rows.map(({ alias, versionId }) => ({
      alias,
      get version() {
        return load.modelVersion.load(versionId);
      },
    }));
  }

  @ResolveField(() => ModelVersionConnection)
  async versions(@Parent() model: ModelRow, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.versions(ctx, { modelId: model.id }, page), page.after);
  }
}
