import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { DeliveriesView, isMlflowEvent, ReplaysService, WebhooksService, type DeliveryRow } from '#automation';
import { Requires } from '#host';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate, withoutNulls } from '../graphql/payload.js';
import {
  ReplayDeliveriesInput,
  WebhookAttempt,
  WebhookDeliveryPayload,
  WebhookDeliveryType,
  WebhookEventEnum,
  WebhookReplayPayload,
  WebhookReplayType,
} from './webhooks.types.js';

/** What became of events on their way to webhooks, and sending them again. */
@Resolver(() => WebhookDeliveryType)
export class DeliveriesResolver {
  constructor(
    private readonly service: WebhooksService,
    private readonly replays: ReplaysService,
    private readonly view: DeliveriesView,
  ) {}

  @Query(() => WebhookReplayType, { nullable: true })
  @Requires('automation.read')
  webhookReplay(@Asker() ctx: Ctx, @Args('id', { type: () => ID }) id: string) {
    return this.view.replay(ctx, id);
  }

  @Mutation(() => WebhookDeliveryPayload, {
    description:
      'Sends a FAILED delivery once more, the same to the byte; while its three days last, it is tried again as before.',
  })
  @Requires('automation.write')
  redeliverWebhook(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('deliveryId', { type: () => ID }) id: string) {
    return mutate(async () => ({ delivery: await load.delivery.clear(id).load((await this.service.redeliver(ctx, id)).id) }));
  }

  @Mutation(() => WebhookReplayPayload, {
    description:
      'Sends deliveries that ended once more, under the ids that their receiver knows and in the order of the log; their three days begin anew.',
  })
  @Requires('automation.write')
  replayDeliveries(@Asker() ctx: Ctx, @Args('input') input: ReplayDeliveriesInput) {
    return mutate(async () => ({
      replay: await this.view.replay(ctx, (await this.replays.replay(ctx, withoutNulls(input))).id),
    }));
  }

  @ResolveField(() => WebhookEventEnum, { nullable: true, description: 'Of the form MLFLOW.' })
  event(@Parent() { form, event }: DeliveryRow) {
    return form === 'mlflow' && isMlflowEvent(event) ? event : null;
  }

  @ResolveField(() => String, { description: 'Name of the event in the words of its form.' })
  type(@Parent() { event }: DeliveryRow) {
    return event;
  }

  @ResolveField(() => [WebhookAttempt], { description: 'The tries that ended, the last hundred, newest first.' })
  tries(@Parent() { id }: DeliveryRow, @Load() load: Loaders) {
    return load.deliveryAttempts.load(id);
  }
}
