import { Args } from '@oclif/core';
import type { TailraceClient } from '../../client/tailrace-client.js';
import { ServerCommand } from '../tailrace-command.js';
import { TRIGGER, triggerOf, type Trigger } from './queries.js';

const switchArgs = { trigger: Args.string({ description: 'Name or id.', required: true }) };

async function switched(
  client: TailraceClient,
  nameOrId: string,
  field: 'pauseTrigger' | 'resumeTrigger' | 'takeOverTrigger',
): Promise<Trigger> {
  const { id } = await triggerOf(client, nameOrId);
  const mutation = `mutation ($id: ID!) { ${field}(triggerId: $id) { trigger { ${TRIGGER} } userErrors { code message field } } }`;
  return (await client.mutateWith<{ trigger: Trigger }>(mutation, { id })).trigger;
}

const stateText = ({ name, enabled }: Trigger): string => `${name}  ${enabled ? 'on' : 'paused'}`;

export class TriggerPause extends ServerCommand {
  static override summary = 'Pause a trigger: what comes passes it by, what waits for it waits on.';
  static override examples = ['<%= config.bin %> trigger pause retrain'];
  static override args = switchArgs;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerPause);
    const trigger = await switched(this.connect(flags), args.trigger, 'pauseTrigger');
    this.printer(flags).data(trigger, () => stateText(trigger));
  }
}

export class TriggerResume extends ServerCommand {
  static override summary = 'Let a paused trigger go on.';
  static override examples = ['<%= config.bin %> trigger resume retrain'];
  static override args = switchArgs;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerResume);
    const trigger = await switched(this.connect(flags), args.trigger, 'resumeTrigger');
    this.printer(flags).data(trigger, () => stateText(trigger));
  }
}

export class TriggerTakeOver extends ServerCommand {
  static override summary = 'Make a trigger yours: it acts with your rights from now on.';
  static override examples = ['<%= config.bin %> trigger take-over retrain'];
  static override args = switchArgs;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerTakeOver);
    const trigger = await switched(this.connect(flags), args.trigger, 'takeOverTrigger');
    const printer = this.printer(flags);
    printer.data(trigger, () => `${trigger.name}  owned by ${trigger.owner?.name}`);
    if (trigger.incomingPath)
      printer.say(
        `who made its secret can still make it fire: tailrace trigger rotate ${trigger.name} --kind incoming --grace-hours 0`,
      );
  }
}
