import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { WEBHOOK, type Webhook } from './queries.js';

const QUERY = `query ($first: Int, $after: String) { webhooks(first: $first, after: $after) { ${PAGE_INFO} edges { node { ${WEBHOOK} } } } }`;

export class WebhookList extends ServerCommand {
  static override summary = 'List webhooks: who is told of what.';
  static override examples = ['<%= config.bin %> webhook list'];
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(WebhookList);
    const printer = this.printer(flags);
    const { nodes, more } = await listNodes<Webhook>(this.connect(flags), QUERY, {}, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['NAME', 'ID', 'FORM', 'TYPES', 'TO', 'STATUS'],
        nodes.map(({ name, id, form, types, url, status, failingSince }) => [
          name,
          id,
          form.toLowerCase(),
          types.join(', '),
          url,
          failingSince && status === 'ACTIVE' ? 'failing' : status.toLowerCase(),
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}
