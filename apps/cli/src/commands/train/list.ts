import { Flags } from '@oclif/core';
import { listNodes, PAGE_INFO } from '../../client/pages.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { firstFlag, sayMore } from '../list-flags.js';
import { ServerCommand } from '../tailrace-command.js';
import { templateOf } from '../template/queries.js';
import { JOB, type Job } from './queries.js';

const QUERY = `query ($where: TrainingJobFilter, $first: Int, $after: String) { trainingJobs(where: $where, first: $first, after: $after) { ${PAGE_INFO}
  edges { node { ${JOB} } } } }`;

export class TrainList extends ServerCommand {
  static override summary = 'List trainings, newest first.';
  static override examples = ['<%= config.bin %> train list --template penguins --state running --state queued'];
  static override flags = {
    ...firstFlag,
    template: Flags.string({ description: 'Name of a template.' }),
    state: Flags.string({
      description: 'queued, running, succeeded, failed or canceled; may be given more than once.',
      multiple: true,
      multipleNonGreedy: true,
      parse: async (text) => text.toUpperCase(),
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TrainList);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const templateId = flags.template && (await templateOf(client, flags.template)).id;
    const { nodes, more } = await listNodes<Job>(client, QUERY, { where: { templateId, state: flags.state } }, flags.first);
    printer.data(nodes, () =>
      renderTable(
        ['ID', 'TEMPLATE', 'DATA', 'STATE', 'STARTED', 'ENDED', 'RUN', 'REASON'],
        nodes.map((job) => [
          job.id,
          job.template.name,
          `${job.datasetVersion.dataset.name} ${job.datasetVersion.number}`,
          job.state,
          timeText(job.createdAt),
          timeText(job.endedAt),
          job.run.id,
          job.reason,
        ]),
        printer.paint,
      ),
    );
    sayMore(printer, more, nodes.length);
  }
}
