import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { webhookOf } from './queries.js';

const REPLAY = `mutation ($input: ReplayDeliveriesInput!) { replayDeliveries(input: $input) {
  replay { id webhookId total waiting delivered failed createdAt } ${USER_ERRORS} } }`;

interface Replay {
  readonly id: string;
  readonly total: number;
}

export class WebhookReplay extends ServerCommand {
  static override summary = 'Send deliveries that ended once more, under the ids that their receiver knows.';
  static override description = 'A range of sequences alone also sends what came while the webhook was off.';
  static override examples = [
    '<%= config.bin %> webhook replay deploys --state failed',
    '<%= config.bin %> webhook replay deploys --from 1200 --to 1300',
    '<%= config.bin %> webhook replay deploys --id whd_0197c2…',
  ];
  static override args = { webhook: Args.string({ description: 'Name or id.', required: true }) };
  static override flags = {
    id: Flags.string({ description: 'Id of a delivery; may be given more than once.', multiple: true, multipleNonGreedy: true }),
    from: Flags.string({ description: 'First sequence of a range.' }),
    to: Flags.string({ description: 'Last sequence of a range.' }),
    since: Flags.string({ description: 'Written down at this time (ISO 8601) or later.' }),
    until: Flags.string({ description: 'Written down at this time or earlier.' }),
    state: Flags.string({ description: 'Those that ended so.', options: ['delivered', 'failed'] }),
    type: Flags.string({ description: 'Type of event; may be given more than once.', multiple: true, multipleNonGreedy: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookReplay);
    const client = this.connect(flags);
    const { id: webhookId } = await webhookOf(client, args.webhook);
    const { id: ids, from: fromSequence, to: toSequence, since, until, type: types } = flags;
    const states = flags.state ? [flags.state.toUpperCase()] : undefined;
    const input = { webhookId, ids, fromSequence, toSequence, since, until, states, types };
    const { replay } = await client.mutate<{ replay: Replay }>(REPLAY, input);
    this.printer(flags).data(replay, () => `${replay.id}  ${replay.total} deliveries`);
  }
}
