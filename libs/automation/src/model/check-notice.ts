import { DomainError } from '#kernel';
import type { TriggerAction } from './action.js';
import { factsOf, isFactOf } from './facts.js';
import { factsInText } from './notice-text.js';
import type { TriggerFilter } from './trigger.js';

/** Checks that the text of a chat message asks only for facts that the event's subject has. Throws BAD_INPUT, which names them. */
export function checkNotice(action: TriggerAction, filter: TriggerFilter): void {
  if (action.kind !== 'notify_chat') return;
  const event = filter.kind === 'event' ? filter.event : undefined;
  const unknown = factsInText(action.text).find((name) => !event || !isFactOf(event, name));
  if (!unknown) return;
  const known = event ? factsOf(event).map((name) => `subject.${name}`) : [];
  throw new DomainError(
    'BAD_INPUT',
    `action.text: there is no subject.${unknown}; ${known.length > 0 ? `there are ${known.join(', ')}` : 'this trigger has no facts of a subject'}`,
    'action.text',
  );
}
