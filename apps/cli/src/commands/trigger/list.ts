import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { listensText, TRIGGER, type Trigger } from './queries.js';

const QUERY = `query ($first: Int, $after: String) { triggers(first: $first, after: $after) { ${PAGE_INFO} edges { node { ${TRIGGER} } } } }`;

export class TriggerList extends ServerCommand {
  static override summary = 'List triggers with what they listen to and do.';
  static override examples = ['<%= config.bin %> trigger list'];
  static override flags = firstFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(TriggerList);
    const printer = this.printer(flags);
    const { nodes, more } = await listNodes<Trigger>(this.connect(flags), QUERY, {}, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['NAME', 'PROJECT', 'LISTENS TO', 'DOES', 'STATE', 'OWNER', 'LAST FIRED', 'NEXT'],
        nodes.map((trigger) => [
          trigger.name,
          trigger.project,
          listensText(trigger.filter),
          trigger.action.kind,
          trigger.enabled ? 'on' : 'paused',
          trigger.owner?.name,
          trigger.lastFiredAt && timeText(trigger.lastFiredAt),
          trigger.nextFireAt && timeText(trigger.nextFireAt),
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}
