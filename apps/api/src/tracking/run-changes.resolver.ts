import { Args, ID, Int, Mutation, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { LoggingService, RunsService } from '#tracking';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { asRecord } from './experiments.resolver.js';
import { CreateRunInput, FinishRunInput, LogRunInput, RunPayload, RunType, UpdateRunInput } from './tracking.types.js';

const RUN_ID = { type: () => ID };

@Resolver(() => RunType)
export class RunChangesResolver {
  constructor(
    private readonly service: RunsService,
    private readonly logging: LoggingService,
  ) {}

  @Mutation(() => RunPayload)
  @Requires('tracking.write')
  createRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateRunInput) {
    const run = { ...input, params: asRecord(input.params), tags: asRecord(input.tags) };
    return mutate(async () => ({ run: await load.run.load((await this.service.create(ctx, run)).id) }));
  }

  @Mutation(() => RunPayload, { description: 'Metrics, params and tags, all or nothing; sent twice they are there once.' })
  @Requires('tracking.write')
  logRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: LogRunInput) {
    const now = ctx.clock.now().getTime();
    const points = input.metrics?.map((metric) => ({ ...metric, timestamp: Math.trunc(metric.timestamp ?? now) }));
    return answer(load, () =>
      this.logging.log(ctx, input.runId, { points, params: asRecord(input.params), tags: asRecord(input.tags) }),
    );
  }

  @Mutation(() => RunPayload)
  @Requires('tracking.write')
  updateRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { runId, ...patch }: UpdateRunInput) {
    return answer(load, () => this.service.update(ctx, runId, patch));
  }

  @Mutation(() => RunPayload)
  @Requires('tracking.write')
  finishRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: FinishRunInput) {
    return answer(load, () => this.service.finish(ctx, input.runId, input.status));
  }

  @Mutation(() => RunPayload, { description: 'A run that had ended goes on.' })
  @Requires('tracking.write')
  resumeRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('runId', RUN_ID) runId: string) {
    return answer(load, () => this.service.update(ctx, runId, { status: 'RUNNING' }));
  }

  @Mutation(() => RunPayload, { description: 'Drops what a client logged after a step, and lets the run go on from there.' })
  @Requires('tracking.write')
  rewindRun(
    @Asker() ctx: Ctx,
    @Load() load: Loaders,
    @Args('runId', RUN_ID) runId: string,
    @Args('step', { type: () => Int }) step: number,
  ) {
    return answer(load, () => this.service.rewind(ctx, runId, step));
  }

  @Mutation(() => RunPayload, { description: 'Puts a run into the trash.' })
  @Requires('tracking.write')
  deleteRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('runId', RUN_ID) runId: string) {
    return answer(load, () => this.service.setDeleted(ctx, runId, true));
  }

  @Mutation(() => RunPayload, { description: 'Takes a run out of the trash.' })
  @Requires('tracking.write')
  restoreRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('runId', RUN_ID) runId: string) {
    return answer(load, () => this.service.setDeleted(ctx, runId, false));
  }

  @Mutation(() => RunPayload)
  @Requires('tracking.write')
  deleteRunTag(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('runId', RUN_ID) runId: string, @Args('key') key: string) {
    return answer(load, () => this.logging.deleteTag(ctx, runId, key));
  }

  @Mutation(() => RunPayload, {
    description: 'Says that the client of a run lives; once it did, the run is ended when it stops.',
  })
  @Requires('tracking.write')
  heartbeatRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('runId', RUN_ID) runId: string) {
    return answer(load, () => this.service.heartbeat(ctx, runId));
  }
}

const answer = (load: Loaders, work: () => Promise<{ id: string }>) =>
  mutate(async () => ({ run: await load.run.load((await work()).id) }));
