import { Args } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { describeEndpoint, endpointOf, REVISION, type Revision } from './queries.js';

const REVISIONS = `query ($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Endpoint { revisions(first: $first, after: $after) { ${PAGE_INFO}
  edges { node { ${REVISION} } } } } } }`;

export class EndpointShow extends ServerCommand {
  static override summary = 'Show an endpoint: what it follows, what it serves, and what it served before.';
  static override examples = ['<%= config.bin %> endpoint show species'];
  static override args = { name: Args.string({ description: 'Name of the endpoint.', required: true }) };
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EndpointShow);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const endpoint = await endpointOf(client, args.name);
    const { nodes: revisions, more } = await listNodes<Revision>(
      client,
      REVISIONS,
      { id: endpoint.id },
      flags.first,
      'revisions',
    );
    const table = () =>
      renderTable(
        ['REVISION', 'VERSION', 'STATE', 'MADE', 'READY', 'REASON'],
        revisions.map((r) => [r.number, r.modelVersion.number, r.state, timeText(r.createdAt), timeText(r.readyAt), r.reason]),
        printer.paint,
      );
    printer.data({ ...endpoint, revisions }, () => `${describeEndpoint(endpoint)}\n\n${table()}`);
    sayMore(printer, more, revisions.length);
  }
}
