import { Args } from '@oclif/core';
import { ServerCommand } from '../tailrace-command.js';

const REPLAY = `mutation ($subscriber: String!, $eventId: ID!) { replayDeadJob(subscriber: $subscriber, eventId: $eventId) {
  replayed userErrors { code message field } } }`;

export class DeadReplay extends ServerCommand {
  static override summary = 'Deliver a dead job anew.';
  static override examples = ['<%= config.bin %> dead replay check-dataset-version evt_0197c2…'];
  static override args = {
    subscriber: Args.string({ description: 'Subscriber, as `dead list` names it.', required: true }),
    'event-id': Args.string({ description: 'Id of the event.', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DeadReplay);
    const { subscriber, 'event-id': eventId } = args;
    await this.connect(flags).mutateWith(REPLAY, { subscriber, eventId });
    const printer = this.printer(flags);
    printer.data({ subscriber, eventId, replayed: true }, () => `${subscriber} ${eventId}  replayed`);
    printer.say('it is delivered with the next sweep, within half a minute');
  }
}
