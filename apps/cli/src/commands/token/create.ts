import { Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { ServerCommand } from '../tailrace-command.js';

const MEMBERS = `query ($first: Int, $after: String) { members(first: $first, after: $after) { ${PAGE_INFO} edges { node { id name } } } }`;
const CREATE =
  'mutation ($input: CreateTokenInput!) { createToken(input: $input) { tokenId token userErrors { code message field } } }';

export class TokenCreate extends ServerCommand {
  static override summary = 'Make a token for a member. It is printed once and never again.';
  static override examples = ['<%= config.bin %> token create --member ada --scope read --ttl-days 30 > ada.token'];
  static override flags = {
    member: Flags.string({ description: 'Name of the member.', required: true }),
    name: Flags.string({ description: 'Name of the token, to know it by.', default: 'cli' }),
    scope: Flags.string({ description: 'What the token is good for.', options: ['all', 'read', 'predict'], default: 'all' }),
    'ttl-days': Flags.integer({ description: 'Days until it expires; never when absent.', min: 1 }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TokenCreate);
    const client = this.connect(flags);
    const input = {
      memberId: await memberId(client, flags.member),
      name: flags.name,
      scope: flags.scope,
      ttlDays: flags['ttl-days'],
    };
    const { tokenId, token } = await client.mutate<{ tokenId: string; token: string }>(CREATE, input);
    const printer = this.printer(flags);
    printer.data({ tokenId, token, member: flags.member, scope: flags.scope, ttlDays: flags['ttl-days'] ?? null }, () => token);
    printer.say('keep it now: the server has only its hash');
  }
}

async function memberId(client: TailraceClient, name: string): Promise<string> {
  const { nodes } = await listNodes<{ id: string; name: string }>(client, MEMBERS);
  const found = nodes.find((member) => member.name === name);
  if (found) return found.id;
  throw new Failure(`there is no member ${JSON.stringify(name)}; \`tailrace member add\` makes one`, EXIT.notFound);
}
