import { filterFlags, filterOf } from '../../audit/filter-flags.js';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';

interface Entry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly outcome: string;
  readonly count: number;
  readonly reason: string | null;
  readonly address: string | null;
  readonly member: { readonly id: string; readonly name: string } | null;
}

const QUERY = `query ($first: Int, $after: String, $where: AuditFilter) { audit(first: $first, after: $after, where: $where) { edges { node {
  id at actor tokenId action subjectKind subjectId outcome count reason address correlationId causationId member { id name } event { id sequence }
} } ${PAGE_INFO} } }`;

export class AuditList extends ServerCommand {
  static override summary = 'Who did what, newest first; refused attempts too.';
  static override examples = [
    '<%= config.bin %> audit list',
    '<%= config.bin %> audit list --outcome refused --from 2026-01-01T00:00:00Z',
    '<%= config.bin %> audit list --action model_version. --first 200',
  ];
  static override flags = { ...firstFlag, ...filterFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditList);
    const printer = this.printer(flags);
    const { nodes, more } = await listNodes<Entry>(this.connect(flags), QUERY, { where: filterOf(flags) }, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['AT', 'ACTOR', 'ACTION', 'SUBJECT', 'OUTCOME', 'COUNT', 'ADDRESS', 'REASON'],
        nodes.map((e) => [
          timeText(e.at),
          whoOf(e),
          e.action,
          `${e.subjectKind}/${e.subjectId}`,
          e.outcome,
          e.count,
          e.address,
          e.reason,
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}

/** A member by name; of a trigger, also for whom it acted. */
function whoOf({ actor, member }: Entry): string {
  if (!member) return actor;
  return member.id === actor ? member.name : `${actor} for ${member.name}`;
}
