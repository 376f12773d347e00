import { eventType, type EventData, type EventName, type LoggedEvent } from '#contracts';
import type { MlflowEvent } from './mlflow-events.js';

/** One of our events in the words of MLflow's webhooks. */
export interface MlflowNotice {
  readonly event: MlflowEvent;
  readonly data: Readonly<Record<string, unknown>>;
}

type Tags = Readonly<Record<string, string>>;
type Rule<N extends EventName> = (data: EventData<N>) => MlflowNotice | undefined;

/** By these tags MLflow's clients make a model a prompt; its readers are told of the noun instead. */
const IS_PROMPT = 'mlflow.prompt.is_prompt';
const PROMPT_TYPE = '_mlflow_prompt_type';
const PROMPT_TEXT = 'mlflow.prompt.text';

const RULES: { readonly [N in EventName]?: Rule<N> } = {
  'model.created': ({ name, tags = {}, description = null }) =>
    tags[IS_PROMPT]?.toLowerCase() === 'true'
      ? { event: 'prompt.created', data: { name, tags: without(tags, IS_PROMPT, PROMPT_TYPE), description } }
      : { event: 'registered_model.created', data: { name, tags, description } },
  'model_version.created': versionCreated,
  // MLflow has no event for a tag of a registered model that is no prompt.
  'model.tag_set': ({ name, prompt, key, value }) =>
    prompt ? { event: 'prompt_tag.set', data: { name, key, value } } : undefined,
  'model.tag_removed': ({ name, prompt, key }) => (prompt ? { event: 'prompt_tag.deleted', data: { name, key } } : undefined),
  'model_version.tag_set': ({ name, number, prompt, key, value }) => ({
    event: prompt ? 'prompt_version_tag.set' : 'model_version_tag.set',
    data: { name, version: String(number), key, value },
  }),
  'model_version.tag_removed': ({ name, number, prompt, key }) => ({
    event: prompt ? 'prompt_version_tag.deleted' : 'model_version_tag.deleted',
    data: { name, version: String(number), key },
  }),
  'model_version.alias_set': ({ name, number, prompt, alias }) => ({
    event: prompt ? 'prompt_alias.created' : 'model_version_alias.created',
    data: { name, alias, version: String(number) },
  }),
  'model_version.alias_removed': ({ name, prompt, alias }) => ({
    event: prompt ? 'prompt_alias.deleted' : 'model_version_alias.deleted',
    data: { name, alias },
  }),
};

function versionCreated(version: EventData<'model_version.created'>): MlflowNotice | undefined {
  const { name, number, tags = {} } = version;
  const description = version.description || null;
  // Events of the time before versions had names tell MLflow's readers nothing.
  if (name === undefined) return undefined;
  if (version.prompt) {
    const rest = without(tags, IS_PROMPT, PROMPT_TYPE, PROMPT_TEXT);
    const data = { name, version: String(number), template: tags[PROMPT_TEXT] ?? null, tags: rest, description };
    return { event: 'prompt_version.created', data };
  }
  const runId = version.runId?.replace(/^run_/, '') ?? null;
  const data = { name, version: String(number), source: version.source ?? null, run_id: runId, tags, description };
  return { event: 'model_version.created', data };
}

function without(tags: Tags, ...keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));
}

/** What MLflow's webhooks say of an event; undefined for what they know nothing of. */
/** Types of events that webhooks may hear of. */
export const NOTICED: readonly string[] = (Object.keys(RULES) as EventName[]).map(eventType);

export function noticeOf(event: LoggedEvent): MlflowNotice | undefined {
  return (RULES[event.name] as Rule<EventName> | undefined)?.(event.data);
}
