import { Args, ID, Mutation, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { DomainError } from '#kernel';
import { LoggedModelsService } from '#tracking';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { asRecord } from './experiments.resolver.js';
import {
  CreateLoggedModelInput,
  DeleteLoggedModelTagInput,
  FinalizeLoggedModelInput,
  LoggedModelPayload,
  LoggedModelType,
  LogLoggedModelParamsInput,
  SetLoggedModelTagsInput,
} from './logged-models.types.js';

@Resolver(() => LoggedModelType)
export class LoggedModelChangesResolver {
  constructor(private readonly service: LoggedModelsService) {}

  @Mutation(() => LoggedModelPayload, {
    description: 'PENDING until its files are there: logArtifacts, then finalizeLoggedModel.',
  })
  @Requires('tracking.write')
  createLoggedModel(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { params, tags, ...input }: CreateLoggedModelInput) {
    return answer(load, async () => {
      // MLflow's clients may name a run that is not here; who knows our ids knows that it is.
      if (input.sourceRunId && !(await load.run.load(input.sourceRunId)))
        throw new DomainError('NOT_FOUND', `there is no run ${input.sourceRunId}`, 'sourceRunId');
      return this.service.create(ctx, { ...input, params: asRecord(params ?? []), tags: asRecord(tags ?? []) });
    });
  }

  @Mutation(() => LoggedModelPayload, {
    description: 'Says that its files are all there, or that they will not come.',
  })
  @Requires('tracking.write')
  finalizeLoggedModel(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: FinalizeLoggedModelInput) {
    return answer(load, () => this.service.finalize(ctx, input.loggedModelId, input.status));
  }

  @Mutation(() => LoggedModelPayload)
  @Requires('tracking.write')
  logLoggedModelParams(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: LogLoggedModelParamsInput) {
    return answer(load, () => this.service.logParams(ctx, input.loggedModelId, asRecord(input.params)));
  }

  @Mutation(() => LoggedModelPayload)
  @Requires('tracking.write')
  setLoggedModelTags(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: SetLoggedModelTagsInput) {
    return answer(load, () => this.service.setTags(ctx, input.loggedModelId, asRecord(input.tags)));
  }

  @Mutation(() => LoggedModelPayload)
  @Requires('tracking.write')
  deleteLoggedModelTag(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: DeleteLoggedModelTagInput) {
    return answer(load, () => this.service.deleteTag(ctx, input.loggedModelId, input.key));
  }

  @Mutation(() => LoggedModelPayload, { description: 'Puts it into the trash.' })
  @Requires('tracking.write')
  deleteLoggedModel(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('loggedModelId', { type: () => ID }) id: string) {
    return answer(load, () => this.service.delete(ctx, id));
  }
}

const answer = (load: Loaders, work: () => Promise<{ id: string }>) =>
  mutate(async () => {
    const { id } = await work();
    return { loggedModel: await load.loggedModel.clear(id).load(id) };
  });
