import { Args } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { ServerCommand } from '../tailrace-command.js';
import { webhookOf } from './queries.js';

const TEST = `mutation ($input: TestWebhookInput!) { testWebhook(input: $input) { delivered status body error ${USER_ERRORS} } }`;

interface Outcome {
  readonly delivered: boolean;
  readonly status: number | null;
  readonly body: string | null;
  readonly error: string | null;
}

export class WebhookTest extends ServerCommand {
  static override summary = 'Send an example at once, and tell what the receiver said. Ends by 1 when it did not arrive.';
  static override examples = ['<%= config.bin %> webhook test deploys'];
  static override args = { webhook: Args.string({ description: 'Name or id.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookTest);
    const client = this.connect(flags);
    const { id: webhookId } = await webhookOf(client, args.webhook);
    const { delivered, status, body, error } = await client.mutate<Outcome>(TEST, { webhookId });
    const outcome = { delivered, status, body, error };
    this.printer(flags).data(outcome, () => (delivered ? `delivered  ${status}` : `not delivered  ${error}`));
    if (!delivered) throw new Failure('the example did not arrive', EXIT.failure);
  }
}
