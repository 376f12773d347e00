import { Args } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { DELIVERY, webhookOf, type Delivery } from './queries.js';

const QUERY = `query ($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Webhook {
  deliveries(first: $first, after: $after) { ${PAGE_INFO} edges { node { ${DELIVERY} } } } } } }`;

export class WebhookDeliveries extends ServerCommand {
  static override summary = 'List what became of the events of a webhook, newest first.';
  static override examples = ['<%= config.bin %> webhook deliveries deploys --first 20'];
  static override args = { webhook: Args.string({ description: 'Name or id.', required: true }) };
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WebhookDeliveries);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const { id } = await webhookOf(client, args.webhook);
    const { nodes, more } = await listNodes<Delivery>(client, QUERY, { id }, flags.first, 'deliveries');
    printer.data(nodes, () =>
      renderTable(
        ['ID', 'AT', 'TYPE', 'SEQUENCE', 'STATE', 'TRIES', 'NEXT', 'LAST'],
        nodes.map((row) => [
          row.id,
          timeText(row.createdAt),
          row.type,
          row.sequence,
          row.state,
          row.attempts,
          row.nextAt && timeText(row.nextAt),
          row.lastError ?? row.lastStatus,
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}
