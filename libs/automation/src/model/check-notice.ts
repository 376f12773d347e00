import { DomainError } from '#kernel';
import type { TriggerAction } from './action.js';
import { checkFieldNames } from './check-fields.js';
import { factsOf, isFactOf } from './facts.js';
import { namesInText } from './notice-text.js';
import type { TriggerFilter } from './trigger.js';

const FIELD = 'action.text';

/** Checks that the text of a chat message asks only for what the event and its subject have. Throws BAD_INPUT, which names what there is. */
export function checkNotice(action: TriggerAction, filter: TriggerFilter): void {
  if (action.kind !== 'notify_chat') return;
  checkFacts(namesInText(action.text, 'subject'), filter);
  checkData(namesInText(action.text, 'data'), filter);
}

function checkFacts(names: readonly string[], filter: TriggerFilter): void {
  const event = filter.kind === 'event' ? filter.event : undefined;
  const unknown = names.find((name) => !event || !isFactOf(event, name));
  if (!unknown) return;
  const known = event ? factsOf(event).map((name) => `subject.${name}`) : [];
  throw bad(
    `there is no subject.${unknown}; ${known.length > 0 ? `there are ${known.join(', ')}` : 'this trigger has no facts of a subject'}`,
  );
}

/** Nobody knows here what a message from outside holds. */
function checkData(names: readonly string[], filter: TriggerFilter): void {
  if (filter.kind === 'event')
    checkFieldNames(
      names.map((name) => `data.${name}`),
      filter.event,
      FIELD,
    );
  const unknown = filter.kind === 'schedule' ? names.find((name) => name !== 'scheduledFor') : undefined;
  if (unknown) throw bad(`a schedule has no data.${unknown}; there is data.scheduledFor`);
}

function bad(message: string): DomainError {
  return new DomainError('BAD_INPUT', `${FIELD}: ${message}`, FIELD);
}
