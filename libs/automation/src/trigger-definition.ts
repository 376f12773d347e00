import type { TriggerEntity } from './automation.entities.js';
import type { AddressRules } from './http/address-rules.js';
import { parseAction } from './model/action.js';
import { checkAction } from './model/check-action.js';
import { eventTypeOf, parseControls, parseFilter, readFilter, type TriggerFilter } from './model/trigger.js';
import type { TriggerDefinition } from './triggers.store.js';

export interface TriggerInput {
  readonly name: string;
  readonly project?: string | null;
  readonly filter: unknown;
  readonly action: unknown;
  readonly concurrency?: unknown;
  readonly cooldownSeconds?: unknown;
  readonly dedupe?: unknown;
  readonly maxHops?: unknown;
}

/** What a patch does not name stays. */
export type TriggerPatch = Partial<TriggerInput>;

export interface Checked {
  readonly definition: TriggerDefinition;
  /** Address of a call to the outside, when a new one was given. */
  readonly url: string | undefined;
}

/** A definition from outside; `rules` say where its calls may go. Throws BAD_INPUT. */
export function checkedDefinition(input: TriggerInput & { project: string }, rules: AddressRules): Checked {
  const filter = parseFilter(input.filter);
  const { action, url } = parseAction(input.action, (address) => rules.checkedUrl(address));
  checkAction(action, filter);
  return { definition: assembled(input, filter, action), url };
}

/** What a trigger is with a patch. An action that stays as it was is checked against another filter only. Throws BAD_INPUT. */
export function patchedDefinition(
  before: TriggerEntity,
  patch: TriggerPatch & { project: string },
  rules: AddressRules,
): Checked {
  const filter = patch.filter === undefined ? readFilter(before.filter) : parseFilter(patch.filter);
  const { action, url } =
    patch.action === undefined
      ? { action: before.action, url: undefined }
      : parseAction(patch.action, (address) => rules.checkedUrl(address), before.action);
  if (patch.action !== undefined || patch.filter !== undefined) checkAction(action, filter);
  return { definition: assembled({ ...controlsOf(before), ...patch }, filter, action), url };
}

/** A definition as the audit tells of it. */
export function auditedDefinition({ name, project, filter, action, ...rest }: TriggerDefinition) {
  const { concurrency, cooldownSeconds, dedupe, maxHops } = rest;
  const listens: TriggerFilter = readFilter(filter);
  return { name, project, filter: listens, action, concurrency, cooldownSeconds, dedupe, maxHops };
}

function assembled(
  { name, project, ...input }: Omit<TriggerInput, 'filter' | 'action'> & { project: string },
  filter: TriggerFilter,
  action: TriggerDefinition['action'],
): TriggerDefinition {
  const { concurrency, cooldownSeconds, dedupe, maxHops } = input;
  const controls = parseControls(given({ concurrency, cooldownSeconds, dedupe, maxHops }), filter);
  return { name, project, filter, action, eventType: eventTypeOf(filter), ...controls, nextFireAt: null };
}

/** undefined and null count as not given. */
function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}

function controlsOf({ name, concurrency, cooldownSeconds, dedupe, maxHops }: TriggerEntity) {
  return { name, concurrency, cooldownSeconds, dedupe, maxHops };
}
