import { Args, ID, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { allows, memberOf, type Ctx } from '#access';
import { ExecutionsService, type ExecutionRow } from '#automation';
import { Requires } from '#host';
import { MemberType } from '../access/access.types.js';
import { Asker, Load } from '../graphql/graph-context.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { TriggerExecutionPayload, TriggerExecutionType, TriggerType } from './triggers.types.js';

@Resolver(() => TriggerExecutionType)
export class ExecutionsResolver {
  constructor(private readonly service: ExecutionsService) {}

  @Mutation(() => TriggerExecutionPayload, {
    description:
      'Fires it once more with the same input, with the rights of the owner of its trigger; cooldown and deduplication do not hold it back.',
  })
  @Requires('automation.write')
  replayTriggerExecution(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('executionId', { type: () => ID }) id: string) {
    return mutate(async () => ({ execution: await load.execution.load((await this.service.replay(ctx, id)).id) }));
  }

  @ResolveField(() => JsonScalar, {
    nullable: true,
    description: 'What it was fired with: name, subject, data, time, hops. For those who read events, and the owner.',
  })
  async cause(@Parent() execution: ExecutionRow, @Asker() ctx: Ctx, @Load() load: Loaders) {
    return (await mayRead(ctx, load, execution)) ? execution.cause : null;
  }

  @ResolveField(() => JsonScalar, {
    nullable: true,
    description: 'What the condition asked of the subject, as it was then. For those who read events, and the owner.',
  })
  async facts(@Parent() execution: ExecutionRow, @Asker() ctx: Ctx, @Load() load: Loaders) {
    return (await mayRead(ctx, load, execution)) ? execution.facts : null;
  }

  @ResolveField(() => TriggerType, { nullable: true })
  trigger(@Parent() execution: ExecutionRow, @Load() load: Loaders) {
    return load.trigger.load(execution.triggerId);
  }

  @ResolveField(() => TriggerExecutionType, { nullable: true, description: 'The execution whose input it has.' })
  replayOf(@Parent() execution: ExecutionRow, @Load() load: Loaders) {
    return execution.replayOf ? load.execution.load(execution.replayOf) : null;
  }

  @ResolveField(() => TriggerExecutionType, { nullable: true, description: 'The newer one that took its place.' })
  supersededBy(@Parent() execution: ExecutionRow, @Load() load: Loaders) {
    return execution.supersededBy ? load.execution.load(execution.supersededBy) : null;
  }

  @ResolveField(() => MemberType, { nullable: true, description: 'Who asked for the replay.' })
  requestedBy(@Parent() execution: ExecutionRow, @Load() load: Loaders) {
    return execution.requestedBy ? load.member.load(execution.requestedBy) : null;
  }
}

/** A cause is of a project that need not be its trigger's. */
async function mayRead(ctx: Ctx, load: Loaders, { triggerId }: ExecutionRow): Promise<boolean> {
  return allows(ctx, 'events.read') || (await load.trigger.load(triggerId))?.ownerId === memberOf(ctx);
}
