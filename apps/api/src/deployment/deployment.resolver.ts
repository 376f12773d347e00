import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { DeploymentService, DeploymentView, RolloutsService, type EndpointRow, type RevisionRow } from '#deployment';
import { Requires } from '#host';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { ModelType, ModelVersionType } from '../registry/registry.types.js';
import {
  CreateEndpointInput,
  DeployModelVersionInput,
  EndpointConnection,
  EndpointFilter,
  EndpointPayload,
  EndpointType,
  RevisionConnection,
  RevisionType,
  RollBackEndpointInput,
} from './deployment.types.js';

@Resolver(() => EndpointType)
export class EndpointsResolver {
  constructor(
    private readonly service: DeploymentService,
    private readonly rollouts: RolloutsService,
    private readonly view: DeploymentView,
  ) {}

  @Query(() => EndpointConnection)
  @Requires('deployment.read')
  async endpoints(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: EndpointFilter) {
    return toConnection(await this.view.endpoints(ctx, where ?? {}, page), page.after);
  }

  @Mutation(() => EndpointPayload)
  @Requires('deployment.write')
  createEndpoint(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateEndpointInput) {
    const { follows, ...rest } = input;
    return mutate(async () => ({
      endpoint: await load.endpoint.load((await this.service.createEndpoint(ctx, { ...rest, ...follows })).id),
    }));
  }

  @Mutation(() => EndpointPayload, {
    description: 'Lets an endpoint serve a version of its model that stands in its stage, or that it has served before.',
  })
  @Requires('deployment.write')
  deployModelVersion(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: DeployModelVersionInput) {
    return this.rolledOut(load, input.endpointId, () => this.rollouts.deploy(ctx, input));
  }

  @Mutation(() => EndpointPayload, { description: 'Lets an endpoint serve what it served before.' })
  @Requires('deployment.write')
  rollBackEndpoint(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: RollBackEndpointInput) {
    return this.rolledOut(load, input.endpointId, () => this.rollouts.rollBack(ctx, input));
  }

  private rolledOut(load: Loaders, endpointId: string, work: () => Promise<unknown>) {
    return mutate(async () => {
      await work();
      return { endpoint: await load.endpoint.load(endpointId) };
    });
  }

  @ResolveField(() => ModelType)
  model(@Parent() endpoint: EndpointRow, @Load() load: Loaders) {
    return load.model.load(endpoint.modelId);
  }

  @ResolveField(() => RevisionType, {
    nullable: true,
    description: 'What it should serve; the one before answers until this one is READY.',
  })
  revision(@Parent() endpoint: EndpointRow, @Load() load: Loaders) {
    return endpoint.desiredRevisionId && load.revision.load(endpoint.desiredRevisionId);
  }

  @ResolveField(() => RevisionConnection)
  async revisions(@Parent() endpoint: EndpointRow, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.revisions(ctx, endpoint.id, page), page.after);
  }
}

@Resolver(() => RevisionType)
export class RevisionsResolver {
  @ResolveField(() => ModelVersionType)
  modelVersion(@Parent() revision: RevisionRow, @Load() load: Loaders) {
    return load.modelVersion.load(revision.modelVersionId);
  }
}
