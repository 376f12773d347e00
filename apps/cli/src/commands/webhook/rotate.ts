import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { WEBHOOK, webhookOf, type Webhook } from './queries.js';

const ROTATE = `mutation ($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) { webhook { ${WEBHOOK} } secret ${USER_ERRORS} } }`;

export class WebhookRotate extends ServerCommand {
  static override summary = 'Make another secret for a webhook; the one before signs too for a while.';
  static override examples = ['<%= config.bin %> webhook rotate deploys --grace-hours 48'];
  static override args = { webhook: Args.string({ description: 'Name or id.', required: true }) };
  static override flags = {
    'grace-hours': Flags.integer({ description: 'So long both sign.', default: 24, min: 0, max: 168 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookRotate);
    const client = this.connect(flags);
    const { id: webhookId } = await webhookOf(client, args.webhook);
    const input = { webhookId, graceHours: flags['grace-hours'] };
    const { webhook, secret } = await client.mutate<{ webhook: Webhook; secret: string }>(ROTATE, input);
    const printer = this.printer(flags);
    printer.data({ ...webhook, secret }, () => `${webhook.name}  ${webhook.id}  signed by  ${secret}`);
    printer.say('the secret is not shown again');
  }
}
