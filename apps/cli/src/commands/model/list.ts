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
  readonly versions: { edges: { node: { number: number; stage: string } }[] };
}

const QUERY = `query ($first: Int, $after: String) { models(first: $first, after: $after) { ${PAGE_INFO} edges { node {
  id name project description createdAt versions(first: 20) { edges { node { number stage } } } } } } }`;

export class ModelList extends ServerCommand {
  static override summary = 'List models with what stands in their stages.';
  static override examples = ['<%= config.bin %> model list'];
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(ModelList);
    const printer = this.printer(flags);
    const { nodes, more } = await listNodes<Row>(this.connect(flags), QUERY, {}, flags.first);
    const models = nodes.map(({ versions, ...model }) => ({ ...model, versions: versions.edges.map(({ node }) => node) }));
    printer.data(models, () =>
      renderTable(
        ['NAME', 'PROJECT', 'NEWEST', 'STAGES', 'CREATED'],
        models.map((model) => [
          model.name,
          model.project,
          model.versions[0]?.number,
          stagesText(model.versions),
          timeText(model.createdAt),
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}

/** Stages that are of use now, among the newest versions. */
function stagesText(versions: readonly { number: number; stage: string }[]): string {
  const standing = versions.filter(({ stage }) => stage !== 'none' && stage !== 'archived');
  return standing.map(({ number, stage }) => `${stage}: ${number}`).join(', ') || '-';
}
