import { Args } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { triggerOf } from './queries.js';

const DELETE = `mutation ($id: ID!) { deleteTrigger(triggerId: $id) { trigger { id } ${USER_ERRORS} } }`;

export class TriggerDelete extends ServerCommand {
  static override summary = 'Delete a trigger. What it has started goes on, and its executions stay readable.';
  static override examples = ['<%= config.bin %> trigger delete nightly'];
  static override args = { trigger: Args.string({ description: 'Name or id.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerDelete);
    const client = this.connect(flags);
    const { id, name } = await triggerOf(client, args.trigger);
    await client.mutateWith(DELETE, { id });
    this.printer(flags).data({ id, name }, () => `${name}  deleted`);
  }
}
