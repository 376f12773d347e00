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

/** Names of the facts that a condition on this event may ask for. */
export function factsOf(event: EventName): readonly string[] {
  return FACTS_OF[event.split('.')[0]!] ?? [];
}

export function isFactOf(event: EventName, name: string): boolean {
  return factsOf(event).some((known) =>
    known.endsWith('.*') ? name.startsWith(known.slice(0, -1)) && name.length >= known.length : known === name,
  );
}
