import { Args } from '@oclif/core';
import { ServerCommand } from '../tailrace-command.js';
import { describeWebhook, webhookOf } from './queries.js';

export class WebhookShow extends ServerCommand {
  static override summary = 'Show a webhook: what it is told, in which form, and where.';
  static override examples = ['<%= config.bin %> webhook show deploys'];
  static override args = { webhook: Args.string({ description: 'Name or id.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookShow);
    const webhook = await webhookOf(this.connect(flags), args.webhook);
    this.printer(flags).data(webhook, () => describeWebhook(webhook));
  }
}
