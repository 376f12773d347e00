import { Flags } from '@oclif/core';
import { ServerCommand } from '../tailrace-command.js';

const ROTATE = `mutation ($input: RotateCheckSecretInput!) { rotateCheckSecret(input: $input) { secret userErrors { code message field } } }`;

export class FlowSecret extends ServerCommand {
  static override summary =
    'Make the secret that signs the questions of http_check gates, or another one; the one before signs too for a while.';
  static override examples = ['<%= config.bin %> flow secret --grace-hours 48'];
  static override flags = {
    'grace-hours': Flags.integer({ description: 'So long both sign.', default: 24, min: 0, max: 168 }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FlowSecret);
    const printer = this.printer(flags);
    const { secret } = await this.connect(flags).mutate<{ secret: string }>(ROTATE, { graceHours: flags['grace-hours'] });
    printer.data({ secret }, () => secret);
    printer.say('the secret is not shown again');
  }
}
