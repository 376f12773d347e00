import { Flags } from '@oclif/core';
import { followEvents, pastEvents, type TailEvent } from '../../client/follow-events.js';
import { clean } from '../../output/clean.js';
import type { Paint } from '../../output/style.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';

export class EventsTail extends ServerCommand {
  static override summary = 'Print events as they happen, one a line.';
  static override description =
    'From now on, or after a sequence: --after 0 is the whole log. A lost connection is taken up again without gap or duplicate. With --no-follow it prints what the log holds and ends.';
  static override examples = [
    '<%= config.bin %> events tail',
    '<%= config.bin %> events tail --after 0 --no-follow --json',
    '<%= config.bin %> events tail --type model_version.stage_changed --type dataset_version.validated',
  ];
  static override flags = {
    after: Flags.string({ description: 'Sequence of the last event that is known already.' }),
    type: Flags.string({
      description: 'Event type, such as model_version.stage_changed; may be given more than once.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    follow: Flags.boolean({ description: 'Go on with what happens.', default: true, allowNo: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(EventsTail);
    const printer = this.printer(flags);
    const client = this.connect(flags);
    const from = { after: flags.after, types: flags.type };
    const lost = (last: string) => printer.say(`connection lost; going on after sequence ${last}`);
    const events = flags.follow ? followEvents(client, from, lost) : pastEvents(client, from);
    for await (const event of events) printer.item(event, () => lineOf(event, printer.paint));
  }
}

function lineOf({ sequence, time, type, subject, data, authId }: TailEvent, paint: Paint): string {
  const name = type.replace(/^io\.tailrace\./, '').replace(/\.v\d+$/, '');
  return `${sequence.padStart(6)}  ${paint('dim', timeText(time))}  ${paint('bold', name)}  ${clean(subject)}  by ${clean(authId)}  ${clean(JSON.stringify(data))}`;
}
