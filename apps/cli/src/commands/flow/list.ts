import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { flows } from './queries.js';

export class FlowList extends ServerCommand {
  static override summary = 'List the stage flows of the workspace.';
  static override examples = ['<%= config.bin %> flow list'];

  async run(): Promise<void> {
    const { flags } = await this.parse(FlowList);
    const printer = this.printer(flags);
    const list = await flows(this.connect(flags));
    printer.data(list, () =>
      renderTable(
        ['NAME', 'REVISION', 'STAGES', 'CHANGED', 'DESCRIPTION'],
        list.map((flow) => [
          flow.name,
          flow.revision,
          flow.flow.stages.map(({ name }) => name).join(' '),
          timeText(flow.updatedAt),
          flow.description,
        ]),
        printer.paint,
      ),
    );
  }
}
