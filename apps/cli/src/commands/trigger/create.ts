import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { checkParts, fromFlag, jsonObjectFrom } from '../../json-object.js';
import { ServerCommand } from '../tailrace-command.js';
import { listensText, SECRETS, secretLines, SHOWN_ONCE, TRIGGER, type MadeSecrets, type Trigger } from './queries.js';

const CREATE = `mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { trigger { ${TRIGGER} } ${SECRETS} ${USER_ERRORS} } }`;

export class TriggerCreate extends ServerCommand {
  static override summary = 'Make a trigger from a definition in JSON. A secret that it gets is printed once.';
  static override description =
    'The definition has filter and action, and may have concurrency (NEWEST, QUEUE, SKIP), cooldownSeconds, dedupe {windowSeconds, key}, maxHops and project.';
  static override examples = [
    '<%= config.bin %> trigger create nightly --from nightly.json',
    `echo '{"filter": {"kind": "schedule", "cron": "0 3 * * *"}, "action": {"kind": "start_training", "templateId": "tpl_…"}}' | <%= config.bin %> trigger create nightly`,
  ];
  static override args = { name: Args.string({ description: 'Name of the trigger.', required: true }) };
  static override flags = { from: Flags.string(fromFlag) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerCreate);
    const printer = this.printer(flags);
    const definition = await jsonObjectFrom(flags.from);
    checkParts(definition, ['filter', 'action'], flags.from, '{"filter": {…}, "action": {…}}');
    const input = { ...definition, name: args.name };
    const { trigger, incomingSecret, signingSecret } = await this.connect(flags).mutate<MadeSecrets & { trigger: Trigger }>(
      CREATE,
      input,
    );
    const secrets = { incomingSecret, signingSecret };
    printer.data({ ...trigger, ...secrets }, () =>
      [
        `${trigger.name}  ${trigger.id}  ${listensText(trigger.filter)} -> ${trigger.action.kind}`,
        ...secretLines(trigger, secrets),
      ].join('\n'),
    );
    if (incomingSecret || signingSecret) printer.say(SHOWN_ONCE);
  }
}
