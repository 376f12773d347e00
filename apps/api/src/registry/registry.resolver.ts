import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import {
  measuredFigures,
  ModelsService,
  PromotionService,
  RegistryView,
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
  MeasuredFigure,
  ModelConnection,
  ModelFileType,
  ModelFilter,
  ModelPayload,
  ModelType,
  ModelVersionConnection,
  ModelVersionFilter,
  ModelVersionType,
  RequestStageInput,
  StageRequestConnection,
  StageRequestFilter,
  StageRequestPayload,
  StageRequestType,
} from './registry.types.js';

@Resolver(() => ModelType)
export class ModelsResolver {
  constructor(
    private readonly service: ModelsService,
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

  @ResolveField(() => ModelVersionConnection)
  async versions(@Parent() model: ModelRow, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.versions(ctx, { modelId: model.id }, page), page.after);
  }
}

@Resolver(() => ModelVersionType)
export class ModelVersionsResolver {
  constructor(private readonly view: RegistryView) {}

  @Query(() => ModelVersionConnection)
  @Requires('registry.read')
  async modelVersions(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: ModelVersionFilter) {
    return toConnection(await this.view.versions(ctx, where ?? {}, page), page.after);
  }

  @ResolveField(() => ModelType)
  model(@Parent() version: ModelVersionRow, @Load() load: Loaders) {
    return load.model.load(version.modelId);
  }

  @ResolveField(() => RunType)
  run(@Parent() version: ModelVersionRow, @Load() load: Loaders) {
    return load.run.load(version.runId);
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
