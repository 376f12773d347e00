import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';

interface DeadJob {
  readonly subscriber: string;
  readonly eventId: string;
  readonly reason: string | null;
  readonly at: string;
}

export class DeadList extends ServerCommand {
  static override summary = 'List deliveries of events that failed for the last time.';
  static override examples = ['<%= config.bin %> dead list'];

  async run(): Promise<void> {
    const { flags } = await this.parse(DeadList);
    const printer = this.printer(flags);
    const { deadJobs } = await this.connect(flags).query<{ deadJobs: DeadJob[] }>(
      '{ deadJobs { subscriber eventId reason at } }',
    );
    printer.data(deadJobs, () =>
      renderTable(
        ['SUBSCRIBER', 'EVENT', 'SINCE', 'REASON'],
        deadJobs.map((job) => [job.subscriber, job.eventId, timeText(job.at), job.reason]),
        printer.paint,
      ),
    );
    if (deadJobs.length > 0) printer.say('mend the cause, then: tailrace dead replay SUBSCRIBER EVENT');
  }
}
