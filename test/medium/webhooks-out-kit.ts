import { Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Ctx } from '#access';
import { GuardedClient, WebhookMatcher, type NewWebhook } from '#automation';
import { RelayModule } from '#messaging';
import { until } from '#testing';
import { DeliverWebhooksService } from '../../apps/automation/src/deliver-webhooks.service.js';
import { name } from './builders.js';
import { registryKit, type RegistryKit } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';
import { ALLOWED, webhooksKit, type WebhooksKit } from './webhooks-kit.js';
import { startListener, type Listener } from './webhooks-listener.js';

/** Thirty seconds of real life are this long here. */
export const TIMEOUT_MS = 400;

@Module({
  imports: [RelayModule],
  providers: [
    WebhookMatcher,
    DeliverWebhooksService,
    { provide: GuardedClient, useValue: new GuardedClient(ALLOWED, { timeoutMs: TIMEOUT_MS }) },
  ],
})
class WebhooksRole {}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly held: boolean;
  readonly last_status: number | null;
  readonly wait: number;
}

/** A stack that sends webhooks for real, and in each test a receiver that answers 200 until it is told otherwise. */
export class WebhooksOut {
  stack!: Stack;
  ada!: Ctx;
  kit!: WebhooksKit;
  registry!: RegistryKit;
  listener!: Listener;
  private readonly listeners: Listener[] = [];

  /** For the tests of the file that calls it. */
  static forTests(): WebhooksOut {
    const out = new WebhooksOut();
    beforeAll(() => out.start());
    afterAll(() => out.stack.close());
    beforeEach(async () => void (out.listener = await out.another()));
    afterEach(async () => {
      await out.stack.rows('delete from webhook');
      for (const each of out.listeners.splice(0)) each.close();
    });
    return out;
  }

  async another(): Promise<Listener> {
    this.listeners.push(await startListener());
    return this.listeners.at(-1)!;
  }

  async hook(more: Partial<NewWebhook> = {}): Promise<{ id: string; secret: string }> {
    const base = { name: name('hook'), url: this.listener.url, form: 'cloudevents', events: ['model.created'] } as const;
    const { id, secret } = await this.kit.service.create(this.ada, { ...base, ...more }, this.kit.rules);
    return { id, secret: secret! };
  }

  rowsOf(webhookId: string): Promise<Row[]> {
    return this.stack.rows(
      `select id, state, attempts, held, last_status, extract(epoch from next_at - now())::float as wait from webhook_delivery where webhook_id = $1 order by sequence`,
      [webhookId],
    );
  }

  attemptsOf(
    webhookId: string,
  ): Promise<{ number: number; status: number | null; ms: number; body: string | null; error: string | null }[]> {
    return this.stack.rows(
      'select a.number, a.status, a.ms, a.body, a.error from webhook_attempt a join webhook_delivery d on d.id = a.delivery_id where d.webhook_id = $1 order by d.sequence, a.number',
      [webhookId],
    );
  }

  /** The waits of what is not held are over. */
  async waitsPass(webhookId: string): Promise<void> {
    await this.stack.rows(
      "update webhook_delivery set next_at = now() - interval '1 second' where webhook_id = $1 and state = 'PENDING' and not held and lease is null",
      [webhookId],
    );
  }

  /** Waits until the first delivery has been tried so often. */
  tried(webhookId: string, times: number): Promise<Row[]> {
    return until(`${times} tries`, async () => {
      const rows = await this.rowsOf(webhookId);
      return rows[0]?.attempts === times && rows;
    });
  }

  private async start(): Promise<void> {
    this.stack = await startStack([WebhooksRole], { TAILRACE_PUBLIC_URL: 'https://tailrace.example/' });
    this.ada = await this.stack.member('editor', 'ada');
    this.kit = webhooksKit(this.stack, this.ada);
    this.registry = registryKit(this.stack, this.ada);
  }
}
