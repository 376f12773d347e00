import { Args } from '@oclif/core';
import { renderFacts } from '../../output/table.js';
import { timeText } from '../../output/units.js';
import { ServerCommand } from '../tailrace-command.js';
import { triggerOf, type Trigger } from './queries.js';

export class TriggerShow extends ServerCommand {
  static override summary = 'Show a trigger: what it listens to, what it does, and how it is held back.';
  static override examples = ['<%= config.bin %> trigger show retrain'];
  static override args = { trigger: Args.string({ description: 'Name or id.', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TriggerShow);
    const trigger = await triggerOf(this.connect(flags), args.trigger);
    this.printer(flags).data(trigger, () => describe(trigger));
  }
}

function describe(trigger: Trigger): string {
  const { dedupe } = trigger;
  return renderFacts({
    trigger: trigger.name,
    id: trigger.id,
    project: trigger.project,
    state: trigger.enabled ? 'on' : 'paused',
    'listens to': JSON.stringify(trigger.filter),
    does: JSON.stringify(trigger.action),
    concurrency: trigger.concurrency.toLowerCase(),
    cooldown: trigger.cooldownSeconds > 0 ? `${trigger.cooldownSeconds} s` : undefined,
    dedupe: dedupe ? `${dedupe.key.join(', ')} within ${dedupe.windowSeconds} s` : undefined,
    'max hops': trigger.maxHops,
    owner: trigger.owner?.name ?? 'somebody who left',
    'changed by': trigger.updatedBy?.name,
    created: timeText(trigger.createdAt),
    'last fired': trigger.lastFiredAt ? timeText(trigger.lastFiredAt) : undefined,
    next: trigger.nextFireAt ? timeText(trigger.nextFireAt) : undefined,
    'messages to': trigger.incomingPath ?? undefined,
  });
}
