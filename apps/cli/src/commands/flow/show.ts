import { Args } from '@oclif/core';
import { renderFacts, renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { flowNamed } from './queries.js';

export class FlowShow extends ServerCommand {
  static override summary = 'Show a stage flow: its stages, and what the way into each takes.';
  static override examples = [
    '<%= config.bin %> flow show default',
    '<%= config.bin %> flow show default --json | jq .flow > flow.json',
  ];
  static override args = { name: Args.string({ description: 'Name of the flow.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FlowShow);
    const printer = this.printer(flags);
    const flow = await flowNamed(this.connect(flags), args.name);
    const { name, id, revision, description, updatedAt } = flow;
    printer.data(flow, () =>
      [
        renderFacts({ flow: name, id, revision, description: description || undefined, changed: timeText(updatedAt) }),
        renderTable(
          ['STAGE', 'HOLDS', 'FROM', 'GATES', 'APPROVALS'],
          flow.flow.stages.map((stage) => [
            stage.name,
            stage.holds,
            stage.from.join(' '),
            stage.gates.map(({ kind }) => kind).join(' ') || null,
            stage.approvals,
          ]),
          printer.paint,
        ),
      ].join('\n\n'),
    );
  }
}
