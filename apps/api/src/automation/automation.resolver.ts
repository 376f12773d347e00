import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { AutomationView, TriggersService, type TriggerRow } from '#automation';
import { Requires } from '#host';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { MemberType } from '../access/access.types.js';
import {
  CreateTriggerInput,
  TriggerConnection,
  TriggerExecutionConnection,
  TriggerPayload,
  TriggerType,
} from './automation.types.js';

@Resolver(() => TriggerType)
export class TriggersResolver {
  constructor(
    private readonly service: TriggersService,
    private readonly view: AutomationView,
  ) {}

  @Query(() => TriggerConnection)
  @Requires('automation.read')
  async triggers(@Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.triggers(ctx, page), page.after);
  }

  @Mutation(() => TriggerPayload, { description: 'The trigger acts with the rights that its maker has when it fires.' })
  @Requires('automation.write')
  createTrigger(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateTriggerInput) {
    return mutate(async () => ({ trigger: await load.trigger.load((await this.service.create(ctx, input)).id) }));
  }

  @ResolveField(() => MemberType, { nullable: true })
  owner(@Parent() trigger: TriggerRow, @Load() load: Loaders) {
    return load.member.load(trigger.ownerId);
  }

  @ResolveField(() => TriggerExecutionConnection)
  async executions(@Parent() trigger: TriggerRow, @Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.executions(ctx, trigger.id, page), page.after);
  }
}
