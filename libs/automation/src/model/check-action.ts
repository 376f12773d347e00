import type { EventName } from '#contracts';
import { DomainError } from '#kernel';
import { isOutside, type TriggerAction } from './action.js';
import { checkNotice } from './check-notice.js';
import type { TriggerFilter } from './trigger.js';
import { datasetVersionField, modelVersionField } from './versions-in-events.js';

/** Checks that an action has all it needs from what a trigger listens to. Throws BAD_INPUT, which names the place and what would be right. */
export function checkAction(action: TriggerAction, filter: TriggerFilter): void {
  if (isOutside(action)) return checkNotice(action, filter);
  const heard = filter.kind === 'event' ? filter.event : 'a schedule';
  // A message from outside may name one, as `modelVersionId` or `datasetVersionId`; one that does not fails when it comes.
  const names = (fieldOf: (event: EventName) => string | undefined) =>
    filter.kind === 'incoming' || (filter.kind === 'event' && fieldOf(filter.event) !== undefined);
  switch (action.kind) {
    case 'start_training':
      if (action.data === 'event' && !names(datasetVersionField))
        throw bad(
          'action.data',
          `${heard} names no data set version; "newest" trains on the newest valid one of the template's data set`,
        );
      return;
    case 'evaluate_version':
    case 'deploy':
      if (!action.versionId && !names(modelVersionField))
        throw bad(
          'action.versionId',
          `${heard} names no model version; give one, or listen to an event such as model_version.created`,
        );
      return;
    case 'request_stage':
      if (!action.modelId && !names(modelVersionField))
        throw bad(
          'action.modelId',
          `${heard} names no model version; name the model whose newest version is meant, or listen to an event such as model_version.created`,
        );
      return;
    case 'roll_back':
  }
}

function bad(field: string, message: string): DomainError {
  return new DomainError('BAD_INPUT', `${field}: ${message}`, field);
}
