import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import {
  AliasesService,
  measuredFigures,
  ModelChangesService,
  ModelsService,
  PromotionService,
  RegistryView,
  VersionsService,
  type ApprovalRow,
  type ModelRow,
  type ModelVersionRow,
  type StageRequestRow,
} from '#registry';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { MemberType } from '../access/access.types.js';
import { DatasetVersionType } from '../datasets/datasets.types.js';
import { RunType } from '../tracking/tracking.types.js';
import {
  ApprovalType,
  CreateModelInput,
  DecideInput,
  DeleteModelVersionInput,
  MeasuredFigure,
  ModelAliasType,
  ModelConnection,
  ModelFileType,
  ModelFilter,
  ModelPayload,
  ModelType,
  ModelVersionConnection,
  ModelVersionFilter,
  ModelVersionPayload,
  ModelVersionType,
  RegistryTagType,
  RemoveModelAliasInput,
  RequestStageInput,
  SetModelAliasInput,
  StageRequestConnection,
  StageRequestFilter,
  StageRequestPayload,
  StageRequestType,
  UpdateModelInput,
  UpdateModelVersionInput,
  type TagChangeInput,
} from './registry.types.js';

/** Tags to set and, as null, to remove. */
function tagPatch(tags: readonly TagChangeInput[] | null | undefined): Record<string, string | null> | undefined {
  return tags ? Object.fromEntries(tags.map(({ key, value }) => [key, value ?? null])) : undefined;
}

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
  updateModelVersion(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { id, tags, ...patch }: UpdateModelVersionInput) {
    return this.changed(load, () => this.service.update(ctx, { id }, { ...patch, tags: tagPatch(tags) }));
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

  @ResolveField(() => [ModelFileType])
  files(@Parent() version: ModelVersionRow) {
    return Object.entries(version.files).map(([name, blob]) => ({ name, blob }));
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

@Resolver(() => StageRequestType)
export class StageRequestsResolver {
  constructor(
    private readonly service: PromotionService,
    private readonly view: RegistryView,
  ) {}

  @Query(() => StageRequestConnection)
  @Requires('registry.read')
  async stageRequests(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: StageRequestFilter) {
    return toConnection(await this.view.requests(ctx, where ?? {}, page), page.after);
  }

  @Mutation(() => StageRequestPayload, { description: 'Asks for a stage; its gates are evaluated in the background.' })
  @Requires('registry.request')
  requestStage(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: RequestStageInput) {
    return mutate(async () => ({ stageRequest: await load.stageRequest.load((await this.service.request(ctx, input)).id) }));
  }

  @Mutation(() => StageRequestPayload)
  @Requires('registry.approve')
  approveStage(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: DecideInput) {
    return mutate(async () => ({
      stageRequest: await load.stageRequest.load((await this.service.decide(ctx, { ...input, decision: 'approved' })).id),
    }));
  }

  @Mutation(() => StageRequestPayload)
  @Requires('registry.approve')
  rejectStage(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: DecideInput) {
    return mutate(async () => ({
      stageRequest: await load.stageRequest.load((await this.service.decide(ctx, { ...input, decision: 'rejected' })).id),
    }));
  }

  @ResolveField(() => ModelVersionType)
  version(@Parent() request: StageRequestRow, @Load() load: Loaders) {
    return load.modelVersion.load(request.versionId);
  }

  @ResolveField(() => MemberType, { nullable: true })
  requestedBy(@Parent() request: StageRequestRow, @Load() load: Loaders) {
    return request.memberId && load.member.load(request.memberId);
  }

  @ResolveField(() => [ApprovalType])
  approvals(@Parent() request: StageRequestRow, @Load() load: Loaders) {
    return load.approvals.load(request.id);
  }
}

@Resolver(() => ApprovalType)
export class ApprovalsResolver {
  @ResolveField(() => MemberType, { nullable: true })
  member(@Parent() approval: ApprovalRow, @Load() load: Loaders) {
    return load.member.load(approval.memberId);
  }
}
