import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly description: string;
  readonly createdAt: string;
  readonly newestVersion: { number: number; state: string; profile: { rows: number } | null } | null;
}

const QUERY = `query ($first: Int, $after: String) { datasets(first: $first, after: $after) { ${PAGE_INFO}
  edges { node { id name project description createdAt newestVersion { number state profile { rows } } } } } }`;

export class DatasetList extends ServerCommand {
  static override summary = 'List data sets with their newest versions.';
  static override examples = ['<%= config.bin %> dataset list'];
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(DatasetList);
    const printer = this.printer(flags);
    const { nodes, more } = await listNodes<Row>(this.connect(flags), QUERY, {}, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['NAME', 'PROJECT', 'VERSION', 'STATE', 'ROWS', 'CREATED'],
        nodes.map(({ newestVersion: newest, ...row }) => [
          row.name,
          row.project,
          newest?.number,
          newest?.state,
          newest?.profile?.rows,
          timeText(row.createdAt),
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}
