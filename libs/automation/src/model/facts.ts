import type { EventName } from '#contracts';

/** What is known of an event's subject now: a flat record of names. */
export type Facts = Readonly<Record<string, number | string | boolean>>;

const DATASET = ['dataset', 'project'];
const RUN = ['experiment', 'project', 'name', 'status', 'tag.*', 'metric.*'];
const MODEL = ['model', 'project'];

/** Facts of each kind of subject; `metric.*` stands for `metric.` and any name. */
const FACTS_OF: Readonly<Record<string, readonly string[]>> = {
  dataset: DATASET,
  dataset_version: [...DATASET, 'number', 'state', 'rows', 'drift.*'],
  experiment: ['project'],
  run: RUN,
  training_job: RUN,
  template: ['project'],
  model: MODEL,
  model_version: [...MODEL, 'number', 'stage', 'figure.*'],
  endpoint: ['endpoint', 'project'],
  deployment: ['endpoint', 'project'],
};

/** What nobody has measured yet when these happen: a condition on it would never hold, though it would of the event as it is looked at later. */
const NOT_YET: Partial<Record<EventName, readonly string[]>> = {
  'dataset_version.created': ['rows', 'drift.*'],
  'dataset_version.validated': ['drift.*'],
  'dataset_version.validation_failed': ['drift.*'],
};

/** Names of the facts that a condition on this event may ask for. */
export function factsOf(event: EventName): readonly string[] {
  const known = FACTS_OF[event.split('.')[0]!] ?? [];
  return known.filter((name) => !NOT_YET[event]?.includes(name));
}

export function isFactOf(event: EventName, name: string): boolean {
  return factsOf(event).some((known) =>
    known.endsWith('.*') ? name.startsWith(known.slice(0, -1)) && name.length >= known.length : known === name,
  );
}
