import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { deliveryCursor, isDelivered, WebhooksService, WebhooksView, type WebhookRow } from '#automation';
import { Requires } from '#host';
import { parsePageSize, toPage } from '#kernel';
import { MemberType } from '../access/access.types.js';
import { cursorConnection, PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate, withoutNulls } from '../graphql/payload.js';
import { WebhookSender } from './webhook-sender.js';
import {
  CreateWebhookInput,
  DeleteWebhookPayload,
  TestWebhookInput,
  TestWebhookPayload,
  UpdateWebhookInput,
  WebhookConnection,
  WebhookDeliveryConnection,
  WebhookDeliveryPayload,
  WebhookPayload,
  WebhookType,
} from './webhooks.types.js';

/** Webhooks: all of them in the workspace, since they hear of every model. */
@Resolver(() => WebhookType)
export class WebhooksResolver {
  constructor(
    private readonly service: WebhooksService,
    private readonly view: WebhooksView,
    private readonly sender: WebhookSender,
  ) {}

  @Query(() => WebhookConnection)
  @Requires('automation.read')
  async webhooks(@Asker() ctx: Ctx, @Args() page: PageInput) {
    const { webhooks, next } = await this.view.list(ctx, { limit: parsePageSize(page), after: page.after });
    return toConnection({ nodes: webhooks, hasNextPage: next !== undefined }, page.after);
  }

  @Mutation(() => WebhookPayload, { description: 'It is told of every model of the workspace, in the form of MLflow.' })
  @Requires('automation.write')
  createWebhook(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateWebhookInput) {
    return answer(load, () => this.service.create(ctx, withoutNulls(input), this.sender.rules));
  }

  @Mutation(() => WebhookPayload)
  @Requires('automation.write')
  updateWebhook(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { webhookId, ...patch }: UpdateWebhookInput) {
    return answer(load, () => this.service.update(ctx, webhookId, withoutNulls(patch), this.sender.rules));
  }

  @Mutation(() => DeleteWebhookPayload, { description: 'Also drops what waits for it.' })
  @Requires('automation.write')
  deleteWebhook(@Asker() ctx: Ctx, @Args('webhookId', { type: () => ID }) id: string) {
    return mutate(() => this.service.delete(ctx, id));
  }

  @Mutation(() => TestWebhookPayload, { description: 'Sends an example with made-up data at once, also while it is DISABLED.' })
  @Requires('automation.write')
  testWebhook(@Asker() ctx: Ctx, @Args('input') { webhookId, event }: TestWebhookInput) {
    return mutate(async () => {
      const outcome = await this.sender.test(ctx, webhookId, event ?? undefined);
      return { delivered: isDelivered(outcome), ...outcome };
    });
  }

  @Mutation(() => WebhookDeliveryPayload, {
    description:
      'Sends a FAILED delivery once more, the same to the byte; while its three days last, it is tried again as before.',
  })
  @Requires('automation.write')
  redeliverWebhook(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('deliveryId', { type: () => ID }) id: string) {
    return mutate(async () => ({ delivery: await load.delivery.clear(id).load((await this.service.redeliver(ctx, id)).id) }));
  }

  @ResolveField(() => MemberType, { nullable: true })
  createdBy(@Parent() webhook: WebhookRow, @Load() load: Loaders) {
    return load.member.load(webhook.createdBy);
  }

  @ResolveField(() => WebhookDeliveryConnection, { description: 'What became of its events, newest first.' })
  async deliveries(@Parent() webhook: WebhookRow, @Load() load: Loaders, @Args() page: PageInput) {
    const limit = parsePageSize(page);
    const { nodes, hasNextPage } = toPage(await load.deliveries({ limit, after: page.after }).load(webhook.id), limit);
    return cursorConnection(nodes, hasNextPage, deliveryCursor, page.after);
  }
}

const answer = (load: Loaders, work: () => Promise<{ id: string }>) =>
  mutate(async () => {
    const { id } = await work();
    return { webhook: await load.webhook.clear(id).load(id) };
  });
