import { EVENT_NAMES, eventName, type EventName } from '#contracts';
import { DomainError } from '#kernel';

const MAX_TYPES = 100;

const NOUNS = new Set(EVENT_NAMES.map((name) => name.split('.')[0]!));

/**
 * What a webhook asks for, each once, by short names: events of the catalogue, `<noun>.*` for all of a noun, `*` for all. Throws BAD_INPUT for none, for
 * more than 100 and for what there is not.
 */
export function checkedTypes(types: readonly string[]): string[] {
  if (types.length === 0 || types.length > MAX_TYPES) throw bad(`types must be 1 to ${MAX_TYPES} event types or patterns`);
  return [...new Set(types.map(checkedType))];
}

function checkedType(type: string): string {
  const name = eventName(type);
  if (name) return name;
  if (type === '*') return type;
  const noun = type.endsWith('.*') ? type.slice(0, -2) : '';
  if (NOUNS.has(noun)) return type;
  const shown = JSON.stringify(type.slice(0, 100));
  throw bad(
    `${shown} is neither an event type, such as model_version.stage_changed, nor a pattern, such as model_version.* or *`,
  );
}

/** Whether one of the patterns stands for the event. */
export function hears(types: readonly string[], name: EventName): boolean {
  return types.includes('*') || types.includes(name) || types.includes(`${name.split('.')[0]!}.*`);
}

function bad(message: string): DomainError {
  return new DomainError('BAD_INPUT', message, 'types');
}
