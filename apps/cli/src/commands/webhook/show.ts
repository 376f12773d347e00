import { Args } from '@oclif/core';
import { renderFacts } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { webhookOf, type Webhook } from './queries.js';

export class WebhookShow extends ServerCommand {
  static override summary = 'Show a webhook: what it is told, in which form, and where.';
  static override examples = ['<%= config.bin %> webhook show deploys'];
  static override args = { webhook: Args.string({ description: 'Name or id.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookShow);
    const webhook = await webhookOf(this.connect(flags), args.webhook);
    this.printer(flags).data(webhook, () => describe(webhook));
  }
}

function describe(webhook: Webhook): string {
  return renderFacts({
    webhook: webhook.name,
    id: webhook.id,
    status: webhook.status.toLowerCase(),
    'failing since': webhook.failingSince ? timeText(webhook.failingSince) : undefined,
    form: webhook.form.toLowerCase(),
    types: webhook.types.join(', '),
    'only of subject': webhook.subject ?? undefined,
    'only of project': webhook.project ?? undefined,
    to: webhook.url,
    signed: webhook.signed ? 'yes' : 'no',
    'bearer token': webhook.authorized ? 'yes' : undefined,
    'old secret until': webhook.previousUntil ? timeText(webhook.previousUntil) : undefined,
    'order window': webhook.form === 'MLFLOW' ? undefined : `${webhook.orderWindowSeconds} s`,
    'made by': webhook.createdBy?.name ?? 'somebody who left',
    created: timeText(webhook.createdAt),
  });
}
