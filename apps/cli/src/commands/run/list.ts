import { Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { EXIT, Failure } from '../../exit-codes.js';
import { renderTable } from '../../output/table.js';
import { durationText, timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { durationOf, RUN, type RunRow } from './queries.js';

const STATUS = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED'];
const QUERY = `query ($where: RunFilter, $first: Int, $after: String) { runs(where: $where, first: $first, after: $after) {
  ${PAGE_INFO} edges { node { ${RUN} } } } }`;
const EXPERIMENT = 'query ($name: String!) { experiments(first: 1, where: { name: { eq: $name } }) { edges { node { id } } } }';
const METRICS_SHOWN = 4;

export class RunList extends ServerCommand {
  static override summary = 'List runs with their latest metrics.';
  static override examples = [
    '<%= config.bin %> run list --experiment penguins',
    '<%= config.bin %> run list --status failed --status killed --json',
  ];
  static override flags = {
    ...firstFlag,
    experiment: Flags.string({ description: 'Name of an experiment.' }),
    status: Flags.string({
      description: `Status (${STATUS.join(', ').toLowerCase()}); may be given more than once.`,
      multiple: true,
      multipleNonGreedy: true,
      parse: async (text) => checkedStatus(text.toUpperCase()),
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RunList);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const experimentId = flags.experiment === undefined ? undefined : await experimentOf(client, flags.experiment);
    const { nodes, more } = await listNodes<RunRow>(
      client,
      QUERY,
      { where: { experimentId, status: flags.status } },
      flags.first,
    );
    printer.data(nodes, () =>
      renderTable(
        ['ID', 'NAME', 'EXPERIMENT', 'STATUS', 'STARTED', 'TOOK', 'METRICS'],
        nodes.map((run) => [
          run.id,
          run.name,
          run.experiment.name,
          run.status,
          timeText(run.startedAt),
          durationText(durationOf(run)),
          metricsText(run),
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}

function checkedStatus(status: string): string {
  if (STATUS.includes(status)) return status;
  throw new Failure(`must be one of ${STATUS.join(', ').toLowerCase()}`, EXIT.usage);
}

function metricsText({ metrics }: RunRow): string {
  const shown = metrics
    .slice(0, METRICS_SHOWN)
    .map(({ key, value, text }) => `${key}=${value === null ? text : Number(value.toPrecision(4))}`);
  return shown.join(' ') + (metrics.length > METRICS_SHOWN ? ' …' : '');
}

async function experimentOf(client: TailraceClient, name: string): Promise<string> {
  const { experiments } = await client.query<{ experiments: { edges: { node: { id: string } }[] } }>(EXPERIMENT, { name });
  const found = experiments.edges[0];
  if (!found) throw new Failure(`there is no experiment ${JSON.stringify(name)}`, EXIT.notFound);
  return found.node.id;
}
