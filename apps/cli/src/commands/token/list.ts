import { Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { memberOf } from '../member/queries.js';
import { ServerCommand } from '../tailrace-command.js';

interface Token {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly member: { readonly name: string } | null;
}

const QUERY = `query ($first: Int, $after: String, $where: TokenFilter) { tokens(first: $first, after: $after, where: $where) { ${PAGE_INFO}
  edges { node { id name scope createdAt expiresAt revokedAt member { name } } } } }`;

export class TokenList extends ServerCommand {
  static override summary = 'List your tokens, or as an admin those of everybody.';
  static override examples = ['<%= config.bin %> token list', '<%= config.bin %> token list --member ada --ended'];
  static override flags = {
    ...firstFlag,
    member: Flags.string({ description: 'Only those of this member.' }),
    ended: Flags.boolean({ description: 'Also those that are revoked or expired.', default: false }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TokenList);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const memberId = flags.member && (await memberOf(client, flags.member)).id;
    const { nodes, more } = await listNodes<Token>(client, QUERY, { where: { memberId, ended: flags.ended } }, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['ID', 'NAME', 'MEMBER', 'SCOPE', 'MADE', 'EXPIRES', 'REVOKED'],
        nodes.map((token) => [
          token.id,
          token.name,
          token.member?.name ?? 'inference node',
          token.scope,
          timeText(token.createdAt),
          token.expiresAt && timeText(token.expiresAt),
          token.revokedAt && timeText(token.revokedAt),
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}
