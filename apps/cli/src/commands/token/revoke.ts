import { Args } from '@oclif/core';
import { ServerCommand } from '../tailrace-command.js';

const REVOKE = 'mutation ($id: ID!) { revokeToken(tokenId: $id) { tokenId userErrors { code message field } } }';

export class TokenRevoke extends ServerCommand {
  static override summary = 'Take a token away: it is refused from now on, everywhere.';
  static override examples = ['<%= config.bin %> token revoke tok_…'];
  static override args = { token: Args.string({ description: 'Its id; `tailrace token list` shows it.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TokenRevoke);
    const revoked = await this.connect(flags).mutateWith<{ tokenId: string }>(REVOKE, { id: args.token });
    this.printer(flags).data(revoked, () => `${revoked.tokenId}  revoked`);
  }
}
