import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { members, rolesText } from './queries.js';

export class MemberList extends ServerCommand {
  static override summary = 'List members with their roles.';
  static override examples = ['<%= config.bin %> member list'];

  async run(): Promise<void> {
    const { flags } = await this.parse(MemberList);
    const printer = this.printer(flags);
    const { nodes } = await members(this.connect(flags));
    printer.data(nodes, () =>
      renderTable(
        ['NAME', 'ROLES', 'SINCE', 'ID'],
        nodes.map((member) => [member.name, rolesText(member), timeText(member.createdAt), member.id]),
        printer.paint,
      ),
    );
  }
}
