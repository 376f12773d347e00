import { Args, Flags } from '@oclif/core';
import { ServerCommand } from '../tailrace-command.js';
import { definitionFrom, listensText, TRIGGER, type Trigger } from './queries.js';

const CREATE = `mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { trigger { ${TRIGGER} } incomingSecret signingSecret
  userErrors { code message field } } }`;

interface Made {
  readonly trigger: Trigger;
  readonly incomingSecret: string | null;
  readonly signingSecret: string | null;
}

export class TriggerCreate extends ServerCommand {
  static override summary = 'Make a trigger from a definition in JSON. A secret that it gets is printed once.';
  static override description =
    'The definition has filter and action, and may have concurrency (NEWEST, QUEUE, SKIP), cooldownSeconds, dedupe {windowSeconds, key}, maxHops and project.';
  static override examples = [
    '<%= config.bin %> trigger create nightly --from nightly.json',
    `echo '{"filter": {"kind": "schedule", "cron": "0 3 * * *"}, "action": {"kind": "start_training", "templateId": "tpl_…"}}' | <%= config.bin %> trigger create nightly`,
  ];
  static override args = { name: Args.string({ description: 'Name of the trigger.', required: true }) };
  static override flags = { from: Flags.string({ description: 'File, or - for stdin.', default: '-' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerCreate);
    const printer = this.printer(flags);
    const input = { ...(await definitionFrom(flags.from)), name: args.name };
    const { trigger, incomingSecret, signingSecret } = await this.connect(flags).mutate<Made>(CREATE, input);
    printer.data({ ...trigger, incomingSecret, signingSecret }, () =>
      [
        `${trigger.name}  ${trigger.id}  ${listensText(trigger.filter)} -> ${trigger.action.kind}`,
        ...(incomingSecret ? [`messages to ${trigger.incomingPath} are signed by  ${incomingSecret}`] : []),
        ...(signingSecret ? [`what it sends is signed by  ${signingSecret}`] : []),
      ].join('\n'),
    );
    if (incomingSecret || signingSecret) printer.say('a secret is not shown again; `rotateTriggerSecret` makes another');
  }
}
