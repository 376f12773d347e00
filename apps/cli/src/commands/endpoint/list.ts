import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { ENDPOINT, type Endpoint } from './queries.js';

const QUERY = `query ($first: Int, $after: String) { endpoints(first: $first, after: $after) { ${PAGE_INFO} edges { node { ${ENDPOINT} } } } }`;

export class EndpointList extends ServerCommand {
  static override summary = 'List endpoints with what they serve.';
  static override examples = ['<%= config.bin %> endpoint list'];
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(EndpointList);
    const printer = this.printer(flags);
    const { nodes, more } = await listNodes<Endpoint>(this.connect(flags), QUERY, {}, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['NAME', 'PROJECT', 'MODEL', 'STAGE', 'VERSION', 'STATE', 'ID'],
        nodes.map(({ name, project, model, stage, revision, id }) => [
          name,
          project,
          model.name,
          stage,
          revision?.modelVersion.number,
          revision?.state,
          id,
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}
