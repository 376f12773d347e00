import type { z } from 'zod';
import { EVENTS, type EventName } from '#contracts';

/** Field of the payload of an event that holds the id of the model version that it is about; undefined for events that name none. */
export function modelVersionField(event: EventName): string | undefined {
  return fieldOf(event, event.startsWith('model_version.') ? 'versionId' : 'modelVersionId');
}

/** The same of a data set version. */
export function datasetVersionField(event: EventName): string | undefined {
  return fieldOf(event, event.startsWith('dataset_version.') ? 'versionId' : 'datasetVersionId');
}

function fieldOf(event: EventName, field: string): string | undefined {
  return Object.hasOwn((EVENTS[event] as z.ZodObject).shape, field) ? field : undefined;
}
