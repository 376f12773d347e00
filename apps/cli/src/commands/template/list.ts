import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { TEMPLATE, type Template } from './queries.js';

const QUERY = `query ($first: Int, $after: String) { trainingTemplates(first: $first, after: $after) { ${PAGE_INFO} edges { node { ${TEMPLATE} } } } }`;

export class TemplateList extends ServerCommand {
  static override summary = 'List training templates.';
  static override examples = ['<%= config.bin %> template list'];
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(TemplateList);
    const printer = this.printer(flags);
    const { nodes, more } = await listNodes<Template>(this.connect(flags), QUERY, {}, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['NAME', 'PROJECT', 'REVISION', 'DATA SET', 'REGISTERS AS', 'CREATED', 'ID'],
        nodes.map((t) => [t.name, t.project, t.revision, t.dataset.name, t.registerAs, timeText(t.createdAt), t.id]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}
