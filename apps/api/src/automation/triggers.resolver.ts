import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { AutomationView, DryRunService, readFilter, TriggersService, type MadeTrigger, type TriggerRow } from '#automation';
import { Requires } from '#host';
import { encodeCursor, parsePageSize, toPage } from '#kernel';
import { MemberType } from '../access/access.types.js';
import { cursorConnection, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate, withoutNulls } from '../graphql/payload.js';
import {
  CreateTriggerInput,
  DryRunTriggerInput,
  ExecutionsArgs,
  RotateTriggerSecretInput,
  TriggerConnection,
  TriggerDryRun,
  TriggerExecutionConnection,
  TriggerPayload,
  TriggersArgs,
  TriggerType,
  UpdateTriggerInput,
} from './triggers.types.js';
import { WebhookSender } from './webhook-sender.js';

@Resolver(() => TriggerType)
export class TriggersResolver {
  constructor(
    private readonly service: TriggersService,
    private readonly view: AutomationView,
    private readonly dryRuns: DryRunService,
    private readonly sender: WebhookSender,
  ) {}

  @Query(() => TriggerConnection)
  @Requires('automation.read')
  async triggers(@Asker() ctx: Ctx, @Args() page: TriggersArgs) {
    return toConnection(await this.view.triggers(ctx, page), page.after);
  }

  @Query(() => TriggerDryRun, { description: 'What a trigger would have done with the last events of its type.' })
  @Requires('automation.read')
  dryRunTrigger(@Asker() ctx: Ctx, @Args('input') input: DryRunTriggerInput) {
    return this.dryRuns.run(ctx, input);
  }

  @Mutation(() => TriggerPayload, { description: 'The trigger acts with the rights that its maker has when it fires.' })
  @Requires('automation.write')
  createTrigger(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateTriggerInput) {
    return answer(load, () => this.service.create(ctx, input, this.sender.rules));
  }

  @Mutation(() => TriggerPayload, { description: 'From then on it acts with what both its owner and who changed it may.' })
  @Requires('automation.write')
  updateTrigger(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { triggerId, dedupe, ...patch }: UpdateTriggerInput) {
    const given = { ...withoutNulls(patch), ...(dedupe === undefined ? {} : { dedupe }) };
    return answer(load, () => this.service.update(ctx, triggerId, given, this.sender.rules));
  }

  @Mutation(() => TriggerPayload, { description: 'What comes while it is paused passes it by; what waits for it waits on.' })
  @Requires('automation.write')
  pauseTrigger(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('triggerId', { type: () => ID }) id: string) {
    return answer(load, () => this.service.pause(ctx, id));
  }

  @Mutation(() => TriggerPayload)
  @Requires('automation.write')
  resumeTrigger(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('triggerId', { type: () => ID }) id: string) {
    return answer(load, () => this.service.resume(ctx, id));
  }

  @Mutation(() => TriggerPayload, { description: 'Its executions stay readable; what it has started goes on.' })
  @Requires('automation.write')
  deleteTrigger(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('triggerId', { type: () => ID }) id: string) {
    return answer(load, () => this.service.delete(ctx, id));
  }

  @Mutation(() => TriggerPayload, {
    description:
      'The caller becomes its owner, with whose rights it acts. The secret of an incoming webhook is to be rotated too, with graceHours 0: who made it can make it fire as long as it is good.',
  })
  @Requires('automation.write')
  takeOverTrigger(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('triggerId', { type: () => ID }) id: string) {
    return answer(load, () => this.service.takeOver(ctx, id));
  }

  @Mutation(() => TriggerPayload)
  @Requires('automation.write')
  rotateTriggerSecret(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: RotateTriggerSecretInput) {
    return answer(load, () => this.service.rotateSecret(ctx, input.triggerId, input.kind, input.graceHours ?? undefined));
  }

  @ResolveField(() => JsonScalar)
  filter(@Parent() trigger: TriggerRow) {
    return readFilter(trigger.filter);
  }

  @ResolveField(() => String, { nullable: true, description: 'Where messages for its incoming webhook are posted.' })
  incomingPath(@Parent() trigger: TriggerRow) {
    return readFilter(trigger.filter).kind === 'incoming' ? `/v1/triggers/${trigger.id}/incoming` : null;
  }

  @ResolveField(() => MemberType, { nullable: true })
  owner(@Parent() trigger: TriggerRow, @Load() load: Loaders) {
    return load.member.load(trigger.ownerId);
  }

  @ResolveField(() => MemberType, { nullable: true, description: 'Who last changed it; null while it is as its owner made it.' })
  updatedBy(@Parent() trigger: TriggerRow, @Load() load: Loaders) {
    return trigger.updatedBy ? load.member.load(trigger.updatedBy) : null;
  }

  @ResolveField(() => TriggerExecutionConnection, { description: 'Newest first.' })
  async executions(@Parent() trigger: TriggerRow, @Load() load: Loaders, @Args() { state, ...page }: ExecutionsArgs) {
    const limit = parsePageSize(page);
    const asked = { limit, after: page.after, states: state ?? undefined };
    const { nodes, hasNextPage } = toPage(await load.executions(asked).load(trigger.id), limit);
    return cursorConnection(nodes, hasNextPage, ({ id }) => encodeCursor(id), page.after);
  }
}

const answer = (load: Loaders, work: () => Promise<MadeTrigger>) =>
  mutate(async () => {
    const { id, ...secrets } = await work();
    return { trigger: await load.trigger.clear(id).load(id), ...secrets };
  });
