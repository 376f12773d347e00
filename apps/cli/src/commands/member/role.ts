import { Args, Flags } from '@oclif/core';
import { renderFacts } from '../../output/table.js';
import { ServerCommand } from '../tailrace-command.js';
import { changed, MEMBER, memberOf, roleFlags, rolesText, type Member } from './queries.js';

const GRANT = `mutation ($input: GrantRoleInput!) { grantRole(input: $input) { member { ${MEMBER} } userErrors { code message field } } }`;
const WITHDRAW = `mutation ($input: WithdrawRoleInput!) { withdrawRole(input: $input) { member { ${MEMBER} } userErrors { code message field } } }`;
const REMOVE = `mutation ($id: ID!) { removeMember(memberId: $id) { member { ${MEMBER} } userErrors { code message field } } }`;

const nameArgs = { name: Args.string({ description: 'Name or id of the member.', required: true }) };
const facts = (member: Member) => renderFacts({ member: member.name, id: member.id, roles: rolesText(member) });

export class MemberGrant extends ServerCommand {
  static override summary = 'Give a member a role on a project, in place of the one that it had there.';
  static override examples = ['<%= config.bin %> member grant ada --role approver --project /shop'];
  static override args = nameArgs;
  static override flags = roleFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(MemberGrant);
    const client = this.connect(flags);
    const input = { memberId: (await memberOf(client, args.name)).id, role: flags.role, project: flags.project };
    const member = await changed(client, GRANT, { input });
    this.printer(flags).data(member, () => facts(member));
  }
}

export class MemberWithdraw extends ServerCommand {
  static override summary = 'Take the role that a member has on exactly this project.';
  static override examples = ['<%= config.bin %> member withdraw ada --project /shop'];
  static override args = nameArgs;
  static override flags = { project: Flags.string({ description: 'Project path; / when absent.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(MemberWithdraw);
    const client = this.connect(flags);
    const input = { memberId: (await memberOf(client, args.name)).id, project: flags.project };
    const member = await changed(client, WITHDRAW, { input });
    this.printer(flags).data(member, () => facts(member));
  }
}

export class MemberRemove extends ServerCommand {
  static override summary = 'Take every role and every token of a member who leaves. What it made stays.';
  static override examples = ['<%= config.bin %> member remove ada'];
  static override args = nameArgs;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(MemberRemove);
    const client = this.connect(flags);
    const { id } = await memberOf(client, args.name);
    const member = await changed(client, REMOVE, { id });
    const printer = this.printer(flags);
    printer.data(member, () => facts(member));
    printer.say(
      'its triggers fail from now on: `tailrace trigger list` tells whose they are, `tailrace trigger take-over` makes one yours',
    );
  }
}
