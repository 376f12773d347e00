import { Flags } from '@oclif/core';
import { memberOf } from '../member/queries.js';
import { ServerCommand } from '../tailrace-command.js';

const CREATE =
  'mutation ($input: CreateTokenInput!) { createToken(input: $input) { tokenId token userErrors { code message field } } }';

export class TokenCreate extends ServerCommand {
  static override summary = 'Make a token, your own or as an admin one of another member. It is printed once and never again.';
  static override examples = ['<%= config.bin %> token create --member ada --scope read --ttl-days 30 > ada.token'];
  static override flags = {
    member: Flags.string({ description: 'Name of the member; yourself when absent.' }),
    name: Flags.string({ description: 'Name of the token, to know it by.', default: 'cli' }),
    scope: Flags.string({ description: 'What the token is good for.', options: ['all', 'read', 'predict'], default: 'all' }),
    'ttl-days': Flags.integer({
      description: 'Days until it expires; when absent never, or with the token that you use.',
      min: 1,
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TokenCreate);
    const client = this.connect(flags);
    const input = {
      memberId: flags.member && (await memberOf(client, flags.member)).id,
      name: flags.name,
      scope: flags.scope,
      ttlDays: flags['ttl-days'],
    };
    const { tokenId, token } = await client.mutate<{ tokenId: string; token: string }>(CREATE, input);
    const printer = this.printer(flags);
    printer.data(
      { tokenId, token, member: flags.member ?? null, scope: flags.scope, ttlDays: flags['ttl-days'] ?? null },
      () => token,
    );
    printer.say('keep it now: the server has only its hash');
  }
}
