import { Args } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { webhookOf } from './queries.js';

const DELETE = `mutation ($id: ID!) { deleteWebhook(webhookId: $id) { id ${USER_ERRORS} } }`;

export class WebhookDelete extends ServerCommand {
  static override summary = 'Delete a webhook, with what waits for it.';
  static override examples = ['<%= config.bin %> webhook delete deploys'];
  static override args = { webhook: Args.string({ description: 'Name or id.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookDelete);
    const client = this.connect(flags);
    const { id, name } = await webhookOf(client, args.webhook);
    await client.mutateWith(DELETE, { id });
    this.printer(flags).data({ id, name }, () => `${name}  deleted`);
  }
}
