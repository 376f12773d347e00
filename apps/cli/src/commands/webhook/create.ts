import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { typeFlag, webhookFlags } from './flags.js';
import { WEBHOOK, type Webhook } from './queries.js';

const CREATE = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { ${WEBHOOK} } secret ${USER_ERRORS} } }`;

export class WebhookCreate extends ServerCommand {
  static override summary = 'Make a webhook that sends events as CloudEvents or OpenLineage. Its secret is printed once.';
  static override examples = [
    '<%= config.bin %> webhook create deploys https://example.com/hook --type deployment.*',
    'TAILRACE_BEARER_TOKEN=… <%= config.bin %> webhook create marquez https://marquez.example/api/v1/lineage --form openlineage --type "*"',
    '<%= config.bin %> webhook create churn https://example.com/hook --type model_version.stage_changed --type model_version.created --project /churn',
  ];
  static override args = {
    name: Args.string({ description: 'Name of the webhook.', required: true }),
    url: Args.string({ description: 'Where it sends to.', required: true }),
  };
  static override flags = {
    ...webhookFlags,
    type: Flags.string({ ...typeFlag, required: true }),
    form: Flags.string({ description: 'How events are told.', options: ['cloudevents', 'openlineage'], default: 'cloudevents' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookCreate);
    const printer = this.printer(flags);
    const { type: types, subject, project, description } = flags;
    const more = {
      form: flags.form.toUpperCase(),
      bearerToken: flags['bearer-token'],
      orderWindowSeconds: flags['order-window'],
    };
    const input = { ...args, types, subject, project, description, ...more };
    const { webhook, secret } = await this.connect(flags).mutate<{ webhook: Webhook; secret: string }>(CREATE, input);
    printer.data({ ...webhook, secret }, () => `${webhook.name}  ${webhook.id}  signed by  ${secret}`);
    printer.say('the secret is not shown again; `tailrace webhook rotate` makes another');
  }
}
