import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { ServerCommand } from '../tailrace-command.js';
import { typeFlag, webhookFlags } from './flags.js';
import { describeWebhook, WEBHOOK, webhookOf, type Webhook } from './queries.js';

const UPDATE = `mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) { webhook { ${WEBHOOK} } ${USER_ERRORS} } }`;

export class WebhookUpdate extends ServerCommand {
  static override summary = 'Change a webhook; what is not given stays.';
  static override description =
    'An empty --subject, or / as --project, takes the narrowing away. What waits for the webhook goes to the new address at once.';
  static override examples = [
    '<%= config.bin %> webhook update deploys --to https://example.com/other',
    '<%= config.bin %> webhook update deploys --type deployment.* --type endpoint.*',
  ];
  static override args = { webhook: Args.string({ description: 'Name or id.', required: true }) };
  static override flags = {
    ...webhookFlags,
    name: Flags.string({ description: 'New name.' }),
    to: Flags.string({ description: 'New address.' }),
    type: Flags.string(typeFlag),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookUpdate);
    const { name, to: url, type: types, subject, project, description } = flags;
    const more = { bearerToken: flags['bearer-token'], orderWindowSeconds: flags['order-window'] };
    const patch = { name, url, types, subject, project, description, ...more };
    if (Object.values(patch).every((part) => part === undefined))
      throw new Failure('there is nothing to change; --help shows what can be', EXIT.usage);
    const client = this.connect(flags);
    const { id: webhookId } = await webhookOf(client, args.webhook);
    const { webhook } = await client.mutate<{ webhook: Webhook }>(UPDATE, { webhookId, ...patch });
    this.printer(flags).data(webhook, () => describeWebhook(webhook));
  }
}
