import { Args, Flags } from '@oclif/core';
import { listNodes, PAGE_INFO, type Connection } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { durationText, timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { EXECUTION, triggerOf, type Execution } from './queries.js';

const QUERY = `query ($id: ID!, $state: [TriggerExecutionState!], $first: Int, $after: String) { node(id: $id) { ... on Trigger {
  executions(state: $state, first: $first, after: $after) { ${PAGE_INFO} edges { node { ${EXECUTION} } } } } } }`;

export class TriggerExecutions extends ServerCommand {
  static override summary = 'List what a trigger did, newest first.';
  static override examples = [
    '<%= config.bin %> trigger executions retrain',
    '<%= config.bin %> trigger executions retrain --state failed --state skipped',
  ];
  static override args = { trigger: Args.string({ description: 'Name or id.', required: true }) };
  static override flags = {
    ...firstFlag,
    state: Flags.string({
      description: 'waiting, fired, running, completed, failed or skipped; may be given more than once.',
      multiple: true,
      multipleNonGreedy: true,
      parse: async (text) => text.toUpperCase(),
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerExecutions);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const { id } = await triggerOf(client, args.trigger);
    const read = {
      query: <T>(query: string, variables: Record<string, unknown>) => executionsIn<T>(client.query(query, variables)),
    };
    const { nodes, more } = await listNodes<Execution>(read, QUERY, { id, state: flags.state }, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['ID', 'AT', 'STATE', 'TOOK', 'CAUSE', 'OUTCOME OR REASON'],
        nodes.map((row) => [row.id, timeText(row.at), row.state, took(row), row.eventId, whatCame(row)]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}

/** The connection stands below the trigger. */
async function executionsIn<T>(answer: Promise<{ node: { executions: Connection<Execution> } }>): Promise<T> {
  return { executions: (await answer).node.executions } as T;
}

function took({ firedAt, endedAt }: Execution): string | undefined {
  return firedAt && endedAt ? durationText(Date.parse(endedAt) - Date.parse(firedAt)) : undefined;
}

function whatCame({ reason, outcome }: Execution): string {
  return (
    reason ??
    Object.entries(outcome ?? {})
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')
  );
}
