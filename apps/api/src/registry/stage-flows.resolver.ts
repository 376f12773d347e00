import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { FlowsService, StageHistoryView, type ModelRow, type StageStayRow } from '#registry';
import { Requires } from '#host';
import { DomainError, kindOfId } from '#kernel';
import { MemberType } from '../access/access.types.js';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { ModelPayload, ModelType, ModelVersionType, StageRequestType } from './registry.types.js';
import {
  CreateStageFlowInput,
  DeleteStageFlowInput,
  DeleteStageFlowPayload,
  SetModelFlowInput,
  StageFlowConnection,
  StageFlowPayload,
  StageFlowType,
  StageStayConnection,
  StageStayType,
  UpdateStageFlowInput,
} from './stage-flows.types.js';

@Resolver(() => StageFlowType)
export class StageFlowsResolver {
  constructor(
    private readonly service: FlowsService,
    private readonly view: StageHistoryView,
  ) {}

  @Query(() => StageFlowConnection)
  @Requires('registry.read')
  async stageFlows(@Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.flows(ctx, page), page.after);
  }

  @Mutation(() => StageFlowPayload)
  @Requires('registry.govern')
  createStageFlow(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateStageFlowInput) {
    return this.changed(load, () => this.service.create(ctx, input));
  }

  @Mutation(() => StageFlowPayload, {
    description: 'Every model that follows the flow has the new one from now on; their open stage requests expire.',
  })
  @Requires('registry.govern')
  updateStageFlow(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: UpdateStageFlowInput) {
    return this.changed(load, () => this.service.update(ctx, input));
  }

  @Mutation(() => DeleteStageFlowPayload, { description: 'Not while models follow it.' })
  @Requires('registry.govern')
  deleteStageFlow(@Asker() ctx: Ctx, @Args('input') { id }: DeleteStageFlowInput) {
    return mutate(() => this.service.delete(ctx, id));
  }

  @Mutation(() => ModelPayload, { description: "The model's open stage requests expire." })
  @Requires('registry.govern')
  setModelFlow(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { modelId, flowId, flow }: SetModelFlowInput) {
    return mutate(async () => {
      if ((flowId == null) === (flow == null)) throw new DomainError('BAD_INPUT', 'give flowId or flow, one of the two', 'flow');
      await this.service.setModelFlow(ctx, modelId, flowId == null ? { flow } : { flowId });
      return { model: await load.model.load(modelId) };
    });
  }

  private changed(load: Loaders, work: () => Promise<{ id: string }>) {
    return mutate(async () => ({ stageFlow: await load.stageFlow.load((await work()).id) }));
  }
}

@Resolver(() => ModelType)
export class StageHistoryResolver {
  constructor(private readonly view: StageHistoryView) {}

  @ResolveField(() => StageFlowType, { nullable: true, description: 'Null for a model with a flow of its own.' })
  stageFlow(@Parent() model: ModelRow, @Load() load: Loaders) {
    return model.flowId && load.stageFlow.load(model.flowId);
  }

  @ResolveField(() => StageStayConnection, { description: 'Who stood where and when, by whom and why; newest first.' })
  async stageHistory(
    @Parent() model: ModelRow,
    @Asker() ctx: Ctx,
    @Args() page: PageInput,
    @Args('stage', { nullable: true }) stage?: string,
  ) {
    return toConnection(await this.view.stays(ctx, { modelId: model.id, stage }, page), page.after);
  }

  @ResolveField(() => [StageStayType], { description: 'What stood in a stage at a moment, or stands there now.' })
  standing(
    @Parent() model: ModelRow,
    @Asker() ctx: Ctx,
    @Args('stage') stage: string,
    @Args('at', { nullable: true }) at?: Date,
  ) {
    return this.view.standing(ctx, model.id, stage, at);
  }
}

@Resolver(() => StageStayType)
export class StageStaysResolver {
  @ResolveField(() => ModelVersionType, { nullable: true })
  version(@Parent() stay: StageStayRow, @Load() load: Loaders) {
    return load.modelVersion.load(stay.versionId);
  }

  @ResolveField(() => MemberType, { nullable: true, description: 'Null when a trigger or the platform moved it.' })
  enteredByMember(@Parent() stay: StageStayRow, @Load() load: Loaders) {
    return kindOfId(stay.enteredBy) === 'member' ? load.member.load(stay.enteredBy) : null;
  }

  @ResolveField(() => StageRequestType, { nullable: true })
  request(@Parent() stay: StageStayRow, @Load() load: Loaders) {
    return stay.requestId && load.stageRequest.load(stay.requestId);
  }
}
