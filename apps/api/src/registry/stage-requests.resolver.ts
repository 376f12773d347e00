import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { DecisionsService, PromotionService, RegistryView, type ApprovalRow, type StageRequestRow } from '#registry';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { MemberType } from '../access/access.types.js';
import {
  ApprovalType,
  DecideInput,
  ModelVersionPayload,
  ModelVersionType,
  RequestStageInput,
  StageRequestConnection,
  StageRequestFilter,
  StageRequestPayload,
  StageRequestType,
} from './registry.types.js';
import { ForceStageInput } from './stage-flows.types.js';

@Resolver(() => StageRequestType)
export class StageRequestsResolver {
  constructor(
    private readonly service: PromotionService,
    private readonly decisions: DecisionsService,
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
      stageRequest: await load.stageRequest.load((await this.decisions.decide(ctx, { ...input, decision: 'approved' })).id),
    }));
  }

  @Mutation(() => StageRequestPayload)
  @Requires('registry.approve')
  rejectStage(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: DecideInput) {
    return mutate(async () => ({
      stageRequest: await load.stageRequest.load((await this.decisions.decide(ctx, { ...input, decision: 'rejected' })).id),
    }));
  }

  @Mutation(() => ModelVersionPayload, {
    description: 'An emergency: moves a version past the gates and approvals of its way in. Its open requests expire.',
  })
  @Requires('registry.override')
  forceStage(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: ForceStageInput) {
    return mutate(async () => ({ modelVersion: await load.modelVersion.load((await this.decisions.force(ctx, input)).id) }));
  }

  @ResolveField(() => ModelVersionType)
  version(@Parent() request: StageRequestRow, @Load() load: Loaders) {
    return load.modelVersion.load(request.versionId);
  }

  @ResolveField(() => MemberType, { nullable: true })
  requestedBy(@Parent() request: StageRequestRow, @Load() load: Loaders) {
    return request.memberId && load.member.load(request.memberId);
  }

  @ResolveField(() => [MemberType], {
    description: 'Who may not decide on it: who asked, in person or through a trigger, and who answers for the training.',
  })
  async barred(@Parent() request: StageRequestRow, @Load() load: Loaders) {
    return (await load.member.loadMany(request.barred)).filter((member) => member && !(member instanceof Error));
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
