import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import {
  isDelivered,
  isMlflowEvent,
  MLFLOW_EVENT_NAMES,
  splitEvent,
  WebhooksService,
  WebhooksView,
  type MlflowEvent,
  type WebhookRow,
} from '#automation';
import { isDomainError } from '#kernel';
import { WebhookSender } from '../../automation/webhook-sender.js';
import { invalid, missing } from '../wire/errors.js';
import { compact } from '../wire/json.js';
import { int, list, missingValue, object, oneOf, required, text } from '../wire/message.js';
import { route, type Route } from '../wire/route.js';

const EVENTS = MLFLOW_EVENT_NAMES.map(splitEvent);
const names = (part: 'entity' | 'action') => [...new Set(EVENTS.map((event) => event[part].toUpperCase()))];

const EVENT = object({ entity: required(oneOf(...names('entity'))), action: required(oneOf(...names('action'), 'UPDATED')) });
const STATUS = oneOf('ACTIVE', 'DISABLED');
const WEBHOOK = { webhook_id: required(text) };

/** Webhooks in MLflow's form: all of them in the workspace, since they hear of every model. Those in another form are not there for its clients. */
@Injectable()
export class WebhookRoutes {
  constructor(
    private readonly service: WebhooksService,
    private readonly view: WebhooksView,
    private readonly sender: WebhookSender,
  ) {}

  readonly routes: readonly Route[] = [
    ...route({
      rpc: 'CreateWebhook',
      on: 'POST /mlflow/webhooks',
      access: 'automation.write',
      input: { name: required(text), url: required(text), events: list(EVENT), description: text, secret: text, status: STATUS },
      run: async ({ ctx, input }) => {
        if (input.events.length === 0) throw missingValue('events');
        const made = { ...input, events: input.events.map((event) => eventOf(event!)) };
        return this.answer(ctx, (await this.service.create(ctx, made, this.sender.rules)).id);
      },
    }),
    ...route({
      rpc: 'ListWebhooks',
      on: 'GET /mlflow/webhooks',
      access: 'automation.read',
      input: { max_results: int, page_token: text },
      run: async ({ ctx, input }) => {
        const limit = input.max_results || 100;
        if (limit < 1 || limit > 1000) throw invalid('max_results must be between 1 and 1000.');
        const { webhooks, next } = await this.view.list(ctx, {
          limit,
          after: input.page_token || undefined,
          form: 'mlflow',
        });
        return compact({ webhooks: webhooks.length > 0 ? webhooks.map(toWebhook) : undefined, next_page_token: next });
      },
    }),
    ...route({
      rpc: 'GetWebhook',
      on: 'GET /mlflow/webhooks/:webhook_id',
      access: 'automation.read',
      input: WEBHOOK,
      run: ({ ctx, input }) => this.answer(ctx, input.webhook_id),
    }),
    ...route({
      rpc: 'UpdateWebhook',
      on: 'PATCH /mlflow/webhooks/:webhook_id',
      access: 'automation.write',
      input: { ...WEBHOOK, name: text, url: text, events: list(EVENT), description: text, secret: text, status: STATUS },
      run: async ({ ctx, input }) => {
        const { webhook_id: id, description, secret, status } = input;
        // An empty list and an empty name say nothing in protobuf.
        const events = input.events.length > 0 ? input.events.map((event) => eventOf(event!)) : undefined;
        await this.known(ctx, id);
        const patch = { name: input.name || undefined, url: input.url || undefined, events, description, secret, status };
        await this.service.update(ctx, id, patch, this.sender.rules).catch(notFound(id));
        return this.answer(ctx, id);
      },
    }),
    ...route({
      rpc: 'DeleteWebhook',
      on: 'DELETE /mlflow/webhooks/:webhook_id',
      access: 'automation.write',
      // MLflow's client sends this one without a body and its type; a browser asks before it sends a DELETE elsewhere.
      streams: true,
      input: WEBHOOK,
      run: async ({ ctx, input: { webhook_id: id } }) => {
        await this.known(ctx, id);
        await this.service.delete(ctx, id).catch(notFound(id));
      },
    }),
    ...route({
      rpc: 'TestWebhook',
      on: 'POST /mlflow/webhooks/:webhook_id/test',
      access: 'automation.write',
      input: { ...WEBHOOK, event: EVENT },
      run: async ({ ctx, input }) => {
        const { webhook_id: id, event } = input;
        await this.known(ctx, id);
        const outcome = await this.sender.test(ctx, id, event && eventOf(event)).catch(notFound(id));
        const { status, body, error } = outcome;
        const failure = status === null ? `Failed to test webhook: ${error}` : undefined;
        return {
          result: compact({
            success: isDelivered(outcome),
            response_status: status,
            response_body: body,
            error_message: failure,
          }),
        };
      },
    }),
  ];

  private async answer(ctx: Ctx, id: string) {
    return { webhook: toWebhook(await this.known(ctx, id)) };
  }

  private async known(ctx: Ctx, id: string): Promise<WebhookRow> {
    const webhook = await this.view.get(ctx, id);
    if (webhook?.form !== 'mlflow') throw noWebhook(id);
    return webhook;
  }
}

function toWebhook(webhook: WebhookRow) {
  return compact({
    webhook_id: webhook.id,
    name: webhook.name,
    url: webhook.url,
    description: webhook.description || undefined,
    events: webhook.events.map(splitEvent).map(({ entity, action }) => ({
      entity: entity.toUpperCase(),
      action: action.toUpperCase(),
    })),
    status: webhook.status,
    creation_timestamp: webhook.createdAt.getTime(),
    last_updated_timestamp: webhook.updatedAt.getTime(),
  });
}

/** Throws INVALID_PARAMETER_VALUE for an entity and an action that do not go together. */
function eventOf(event: { entity: string; action: string }): MlflowEvent {
  const [entity, action] = [event.entity.toLowerCase(), event.action.toLowerCase()];
  const name = `${entity}.${action}`;
  if (isMlflowEvent(name)) return name;
  const valid = EVENTS.filter((known) => known.entity === entity).map((known) => `'${known.action}'`);
  throw invalid(`Invalid action '${action}' for entity '${entity}'. Valid actions are: [${valid.sort().join(', ')}]`);
}

const noWebhook = (id: string) => missing(`Webhook with ID ${id} not found.`);

function notFound(id: string) {
  return (error: unknown): never => {
    throw isDomainError(error) && error.code === 'NOT_FOUND' ? noWebhook(id) : error;
  };
}
