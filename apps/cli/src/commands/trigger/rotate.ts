import { Args, Flags } from '@oclif/core';
import { USER_ERRORS } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { SECRETS, secretLines, SHOWN_ONCE, TRIGGER, triggerOf, type MadeSecrets, type Trigger } from './queries.js';

const ROTATE = `mutation ($input: RotateTriggerSecretInput!) { rotateTriggerSecret(input: $input) { trigger { ${TRIGGER} } ${SECRETS} ${USER_ERRORS} } }`;

export class TriggerRotate extends ServerCommand {
  static override summary = 'Make another secret for a trigger; the one before is good too for a while.';
  static override examples = ['<%= config.bin %> trigger rotate from-ci --kind incoming --grace-hours 48'];
  static override args = { trigger: Args.string({ description: 'Name or id.', required: true }) };
  static override flags = {
    kind: Flags.string({
      description: 'By which messages to it are signed, or by which it signs what it sends.',
      options: ['incoming', 'signing'],
      required: true,
    }),
    'grace-hours': Flags.integer({ description: 'So long both are good.', default: 24, min: 0, max: 168 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerRotate);
    const client = this.connect(flags);
    const { id: triggerId } = await triggerOf(client, args.trigger);
    const input = { triggerId, kind: flags.kind.toUpperCase(), graceHours: flags['grace-hours'] };
    const { trigger, incomingSecret, signingSecret } = await client.mutate<MadeSecrets & { trigger: Trigger }>(ROTATE, input);
    const printer = this.printer(flags);
    const secrets = { incomingSecret, signingSecret };
    printer.data({ ...trigger, ...secrets }, () => [trigger.name, ...secretLines(trigger, secrets)].join('\n'));
    printer.say(SHOWN_ONCE);
  }
}
