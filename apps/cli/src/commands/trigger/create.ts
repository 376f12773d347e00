import { Args, Flags } from '@oclif/core';
import { EXIT, Failure } from '../../exit-codes.js';
import { ServerCommand } from '../tailrace-command.js';
import { definitionFrom, listensText, TRIGGER, type Trigger } from './queries.js';

const CREATE = `mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { trigger { ${TRIGGER} } incomingSecret signingSecret
  userErrors { code message field } } }`;

const NEEDED = ['filter', 'action'] as const;

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
    const input = { ...wholeDefinition(await definitionFrom(flags.from), flags.from), name: args.name };
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

/** Throws Failure for a definition that lacks a part. */
function wholeDefinition(definition: Record<string, unknown>, file: string): Record<string, unknown> {
  const missing = NEEDED.find((part) => definition[part] === undefined);
  if (!missing) return definition;
  const where = file === '-' ? 'the definition on stdin' : file;
  throw new Failure(`${where} has no ${missing}; a definition is {"filter": {…}, "action": {…}}, see --help`, EXIT.usage);
}
