import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { fromFlag, jsonObjectFrom } from '../../json-object.js';
import { ServerCommand } from '../tailrace-command.js';
import { listensText, SECRETS, secretLines, SHOWN_ONCE, TRIGGER, triggerOf, type MadeSecrets, type Trigger } from './queries.js';

const UPDATE = `mutation ($input: UpdateTriggerInput!) { updateTrigger(input: $input) { trigger { ${TRIGGER} } ${SECRETS} ${USER_ERRORS} } }`;

export class TriggerUpdate extends ServerCommand {
  static override summary = 'Change a trigger by a JSON object with the parts that are to be otherwise.';
  static override description =
    'Parts are those of a definition, and name. What is not given stays; an action of the same kind without a url keeps its address. It then acts with what both its owner and you may.';
  static override examples = [
    '<%= config.bin %> trigger update nightly --from nightly.json',
    `echo '{"cooldownSeconds": 3600}' | <%= config.bin %> trigger update nightly`,
  ];
  static override args = { trigger: Args.string({ description: 'Name or id.', required: true }) };
  static override flags = { from: Flags.string(fromFlag) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerUpdate);
    const printer = this.printer(flags);
    const parts = await jsonObjectFrom(flags.from);
    if (Object.keys(parts).length === 0)
      throw new Failure('there is nothing to change; give a part, such as {"cooldownSeconds": 60}', EXIT.usage);
    const client = this.connect(flags);
    const { id: triggerId } = await triggerOf(client, args.trigger);
    const made = await client.mutate<MadeSecrets & { trigger: Trigger }>(UPDATE, { ...parts, triggerId });
    const { trigger, incomingSecret, signingSecret } = made;
    printer.data({ ...trigger, incomingSecret, signingSecret }, () =>
      [`${trigger.name}  ${listensText(trigger.filter)} -> ${trigger.action.kind}`, ...secretLines(trigger, made)].join('\n'),
    );
    if (incomingSecret || signingSecret) printer.say(SHOWN_ONCE);
  }
}
