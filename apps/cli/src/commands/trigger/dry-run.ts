import { Args, Flags } from '@oclif/core';
import { EXIT, Failure } from '../../exit-codes.js';
import { jsonObjectFrom } from '../../json-object.js';
import { renderTable } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { triggerOf } from './queries.js';

const QUERY = `query ($input: DryRunTriggerInput!) { dryRunTrigger(input: $input) { looked nextTimes factsAsOf
  outcomes { eventId subject time state reason firesAt facts } } }`;

interface DryRun {
  readonly looked: number;
  readonly nextTimes: string[];
  readonly factsAsOf: string | null;
  readonly outcomes: {
    eventId: string;
    subject: string;
    time: string;
    state: string;
    reason: string | null;
    firesAt: string | null;
  }[];
}

/** What a definition has that does not bear on what it hears. */
const LEFT_OUT = ['name', 'action'];

export class TriggerDryRun extends ServerCommand {
  static override summary = 'Tell what a trigger, or a definition, would have done with the last events. Nothing is done.';
  static override examples = [
    '<%= config.bin %> trigger dry-run retrain',
    '<%= config.bin %> trigger dry-run --from nightly.json --last 500',
  ];
  static override args = { trigger: Args.string({ description: 'Name or id of a trigger that there is.' }) };
  static override flags = {
    from: Flags.string({ description: 'File with a definition, or - for stdin.' }),
    last: Flags.integer({ description: 'How many of the last events of its type.', default: 200, min: 1, max: 1000 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerDryRun);
    if ((args.trigger === undefined) === (flags.from === undefined))
      throw new Failure('give either a trigger or --from', EXIT.usage);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const what =
      flags.from === undefined ? { triggerId: (await triggerOf(client, args.trigger!)).id } : await heardPart(flags.from);
    const { dryRunTrigger: run } = await client.query<{ dryRunTrigger: DryRun }>(QUERY, { input: { ...what, last: flags.last } });
    printer.data(run, () =>
      run.nextTimes.length > 0
        ? run.nextTimes.map((time) => `next  ${timeText(time)}`).join('\n')
        : renderTable(
            ['TIME', 'SUBJECT', 'STATE', 'FIRES AT', 'REASON', 'EVENT'],
            run.outcomes.map((o) => [
              timeText(o.time),
              o.subject,
              o.state,
              o.firesAt && timeText(o.firesAt),
              o.reason,
              o.eventId,
            ]),
            printer.paint,
          ),
    );
    if (run.nextTimes.length === 0) printer.say(`${run.outcomes.length} of the last ${run.looked} events`);
    if (run.factsAsOf)
      printer.say(
        'facts of subjects are those of now: what was found out only after an event may let it fire here, and did not then',
      );
  }
}

async function heardPart(file: string): Promise<Record<string, unknown>> {
  const definition = await jsonObjectFrom(file);
  return Object.fromEntries(Object.entries(definition).filter(([name]) => !LEFT_OUT.includes(name)));
}
