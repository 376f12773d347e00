import { Args } from '@oclif/core';
import { USER_ERRORS, type TailraceClient } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { WEBHOOK, webhookOf, type Webhook } from './queries.js';

const SWITCH = `mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) { webhook { ${WEBHOOK} } ${USER_ERRORS} } }`;
const switchArgs = { webhook: Args.string({ description: 'Name or id.', required: true }) };

async function switched(client: TailraceClient, nameOrId: string, status: 'ACTIVE' | 'DISABLED'): Promise<Webhook> {
  const { id } = await webhookOf(client, nameOrId);
  return (await client.mutate<{ webhook: Webhook }>(SWITCH, { webhookId: id, status })).webhook;
}

const stateText = ({ name, status }: Webhook): string => `${name}  ${status.toLowerCase()}`;

export class WebhookDisable extends ServerCommand {
  static override summary = 'Turn a webhook off: nothing is written down for it, and what waits for it waits.';
  static override examples = ['<%= config.bin %> webhook disable deploys'];
  static override args = switchArgs;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookDisable);
    const webhook = await switched(this.connect(flags), args.webhook, 'DISABLED');
    this.printer(flags).data(webhook, () => stateText(webhook));
  }
}

export class WebhookEnable extends ServerCommand {
  static override summary = 'Turn a webhook on again: what waited goes out at once.';
  static override examples = ['<%= config.bin %> webhook enable deploys'];
  static override args = switchArgs;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookEnable);
    const webhook = await switched(this.connect(flags), args.webhook, 'ACTIVE');
    this.printer(flags).data(webhook, () => stateText(webhook));
  }
}
