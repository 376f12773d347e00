import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { deliveryCursor, isDelivered, WebhooksService, WebhooksView, type MadeWebhook, type WebhookRow } from '#automation';
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
  RotateWebhookSecretInput,
  TestWebhookInput,
  TestWebhookPayload,
  UpdateWebhookInput,
  WebhookConnection,
  WebhookDeliveryConnection,
  WebhookEventEnum,
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

  @Mutation(() => WebhookPayload, {
    description:
      'In the form MLFLOW it is told of every model of the workspace; in the form CLOUDEVENTS of every event it asks for; in the form OPENLINEAGE of those that OpenLineage has words for.',
  })
  @Requires('automation.write')
  createWebhook(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateWebhookInput) {
    return answer(load, () => this.service.create(ctx, asked(input), this.sender.rules));
  }

  @Mutation(() => WebhookPayload)
  @Requires('automation.write')
  updateWebhook(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { webhookId, types, ...patch }: UpdateWebhookInput) {
    const given = withoutNulls({ ...patch, events: types ?? patch.events });
    return answer(load, () => this.service.update(ctx, webhookId, given, this.sender.rules));
  }

  @Mutation(() => WebhookPayload, { description: 'Makes another secret for a webhook of the form CLOUDEVENTS or OPENLINEAGE.' })
  @Requires('automation.write')
  rotateWebhookSecret(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: RotateWebhookSecretInput) {
    return answer(load, () => this.service.rotateSecret(ctx, input.webhookId, input.graceHours ?? undefined));
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

  @ResolveField(() => [WebhookEventEnum], { description: 'Of the form MLFLOW; none in another form.' })
  events(@Parent() { form, events }: WebhookRow) {
    return form === 'mlflow' ? events : [];
  }

  @ResolveField(() => [String], { description: 'What it asks for, as names or patterns, in the words of its form.' })
  types(@Parent() { events }: WebhookRow) {
    return events;
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

function asked(input: CreateWebhookInput) {
  const { types, events, form, ...rest } = withoutNulls(input);
  return { ...rest, form: form ?? (types ? ('cloudevents' as const) : ('mlflow' as const)), events: types ?? events ?? [] };
}

const answer = (load: Loaders, work: () => Promise<MadeWebhook>) =>
  mutate(async () => {
    const { id, secret } = await work();
    return { webhook: await load.webhook.clear(id).load(id), secret };
  });
