import { Args, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { EvaluationsService, RegistryView, type EvaluationRow, type ModelVersionRow } from '#registry';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import {
  EvaluateModelVersionInput,
  ModelEvaluationConnection,
  ModelEvaluationPayload,
  ModelEvaluationType,
} from './evaluations.types.js';
import { ModelVersionType } from './registry.types.js';

@Resolver(() => ModelEvaluationType)
export class EvaluationsResolver {
  constructor(private readonly service: EvaluationsService) {}

  @Mutation(() => ModelEvaluationPayload, {
    description: 'Measures a version in the background; its figures are then those of now.',
  })
  @Requires('registry.write')
  evaluateModelVersion(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { versionId, ...on }: EvaluateModelVersionInput) {
    return mutate(async () => ({ evaluation: await load.evaluation.load((await this.service.request(ctx, versionId, on)).id) }));
  }

  @ResolveField(() => ModelVersionType, { nullable: true })
  version(@Parent() { versionId }: EvaluationRow, @Load() load: Loaders) {
    return load.modelVersion.load(versionId);
  }
}

@Resolver(() => ModelVersionType)
export class EvaluationsOfVersionResolver {
  constructor(private readonly view: RegistryView) {}

  @ResolveField(() => ModelEvaluationConnection, { description: 'How often it was measured since it was registered.' })
  async evaluations(@Parent() { id }: ModelVersionRow, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.evaluations(ctx, id, page), page.after);
  }
}
