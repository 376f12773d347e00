import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ctx } from '#access';
import {
  DeliveriesService,
  GuardedClient,
  WebhooksService,
  WebhooksView,
  type MlflowEvent,
  type WebhookPatch,
} from '#automation';
import { name } from './builders.js';
import { hasRead, type Stack } from './stack.js';

export const SECRET = 'a secret of the tests';
/** What this installation allows its webhooks to reach. */
export const ALLOWED = ['127.0.0.0/8'];

export interface Call {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly said: {
    readonly entity: string;
    readonly action: string;
    readonly timestamp: string;
    readonly data: Record<string, string>;
  };
}

/** A receiver on this machine. `status` is what it answers; null: it takes the request and says nothing. */
export async function startReceiver(status: number | null = 200) {
  const calls: Call[] = [];
  const receiver = {
    status,
    calls,
    url: '',
    about: (model: string) => calls.filter(({ said }) => said.data['name'] === model),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    calls.push({ id: String(request.headers['x-mlflow-delivery-id']), headers: request.headers, body, said: JSON.parse(body) });
    if (receiver.status !== null) response.writeHead(receiver.status).end('thanks');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return receiver;
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** The signature that a receiver computes for itself, from the bytes that came. */
export function expectedSignature({ headers, body }: Call): string {
  const signed = `${String(headers['x-mlflow-delivery-id'])}.${String(headers['x-mlflow-timestamp'])}.${body}`;
  return `v1,${createHmac('sha256', SECRET).update(signed).digest('base64')}`;
}

/** Use cases of webhooks as `ctx` has them, and what tests ask of them again and again. */
export function webhooksKit(stack: Stack, ctx: Ctx) {
  const service = stack.app.get(WebhooksService);
  const { rules } = new GuardedClient(ALLOWED);
  return {
    service,
    rules,
    view: stack.app.get(WebhooksView),
    deliveries: stack.app.get(DeliveriesService),

    async hook(url: string, events: readonly MlflowEvent[] = ['registered_model.created']): Promise<string> {
      return (await service.create(ctx, { name: name('hook'), url, events, secret: SECRET }, rules)).id;
    },

    update: (id: string, patch: WebhookPatch) => service.update(ctx, id, patch, rules),

    rowsOf(webhookId: string) {
      return stack.rows<{ id: string; state: string; attempts: number; last_status: number | null; last_error: string | null }>(
        'select id, state, attempts, last_status, last_error from webhook_delivery where webhook_id = $1 order by id',
        [webhookId],
      );
    },

    /** Names and reasons of the events about a webhook. */
    async saidOf(webhookId: string): Promise<{ type: string; reason: string | null }[]> {
      return stack.rows(
        `select replace(replace(type, 'io.tailrace.', ''), '.v1', '') as type, data ->> 'reason' as reason from event_log
         where data ->> 'webhookId' = $1 order by pos`,
        [webhookId],
      );
    },

    /** Waits until the matcher has read all that was said so far. */
    matched: () => hasRead(stack, 'webhook-matcher'),
  };
}

export type WebhooksKit = ReturnType<typeof webhooksKit>;
