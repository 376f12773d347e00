import { Args } from '@oclif/core';
import { renderFacts } from '../../output/table.js';
import { ServerCommand } from '../tailrace-command.js';
import { changed, MEMBER, roleFlags, rolesText } from './queries.js';

const CREATE = `mutation ($input: CreateMemberInput!) { createMember(input: $input) { member { ${MEMBER} } userErrors { code message field } } }`;

export class MemberAdd extends ServerCommand {
  static override summary = 'Add a member with a role.';
  static override examples = [
    '<%= config.bin %> member add ada --role approver',
    '<%= config.bin %> member add bot --role editor --project /shop',
  ];
  static override args = { name: Args.string({ description: 'Name.', required: true }) };
  static override flags = roleFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(MemberAdd);
    const input = { name: args.name, role: flags.role, project: flags.project };
    const member = await changed(this.connect(flags), CREATE, { input });
    const printer = this.printer(flags);
    printer.data(member, () => renderFacts({ member: member.name, id: member.id, roles: rolesText(member) }));
    printer.say(`next: tailrace token create --member ${member.name}`);
  }
}
