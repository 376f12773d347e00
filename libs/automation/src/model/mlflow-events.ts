const MODEL = { name: 'example-model' };
const VERSION = { ...MODEL, version: '1' };
const PROMPT = { name: 'example-prompt' };
const PROMPT_VERSION = { ...PROMPT, version: '1' };
const TAG = { key: 'stage', value: 'checked' };
const KEY = { key: 'stage' };
const ALIAS = { alias: 'champion' };
const ABOUT = { tags: { team: 'blue' }, description: 'an example' };

/**
 * The events that MLflow's webhooks know, as `entity.action`, each with data such as a test delivery holds. Budgets are MLflow's gateway's: nothing
 * here says that one is exceeded, but a webhook may ask for it.
 */
export const MLFLOW_EVENTS = {
  'registered_model.created': { ...MODEL, ...ABOUT },
  'model_version.created': { ...VERSION, source: 's3://bucket/model', run_id: '0123456789abcdef0123456789abcdef', ...ABOUT },
  'model_version_tag.set': { ...VERSION, ...TAG },
  'model_version_tag.deleted': { ...VERSION, ...KEY },
  'model_version_alias.created': { ...VERSION, ...ALIAS },
  'model_version_alias.deleted': { ...MODEL, ...ALIAS },
  'prompt.created': { ...PROMPT, ...ABOUT },
  'prompt_version.created': { ...PROMPT_VERSION, template: 'Say hello to {{name}}.', ...ABOUT },
  'prompt_tag.set': { ...PROMPT, ...TAG },
  'prompt_tag.deleted': { ...PROMPT, ...KEY },
  'prompt_version_tag.set': { ...PROMPT_VERSION, ...TAG },
  'prompt_version_tag.deleted': { ...PROMPT_VERSION, ...KEY },
  'prompt_alias.created': { ...PROMPT_VERSION, ...ALIAS },
  'prompt_alias.deleted': { ...PROMPT, ...ALIAS },
  'budget_policy.exceeded': {
    budget_policy_id: 'example-budget',
    budget_unit: 'USD',
    budget_amount: 100,
    current_spend: 101.5,
    duration_unit: 'MONTHS',
    duration_value: 1,
    target_scope: 'GLOBAL',
    workspace: 'default',
    target_value: null,
    window_start: 1_767_225_600_000,
  },
} as const satisfies Record<`${string}.${string}`, Readonly<Record<string, unknown>>>;

export type MlflowEvent = keyof typeof MLFLOW_EVENTS;

export const MLFLOW_EVENT_NAMES = Object.keys(MLFLOW_EVENTS) as MlflowEvent[];

/** Narrows `entity.action` to an event that there is. */
export function isMlflowEvent(name: string): name is MlflowEvent {
  return Object.hasOwn(MLFLOW_EVENTS, name);
}

/** The two halves of a name, MLflow's or ours. */
export function splitEvent(event: string): { entity: string; action: string } {
  const [entity, action] = event.split('.') as [string, string];
  return { entity, action };
}

/** The body of a delivery, in MLflow's form. */
export function mlflowPayload(event: MlflowEvent, time: Date, data: object): string {
  // Python's ISO form names the zone in digits.
  const timestamp = time.toISOString().replace('Z', '+00:00');
  return JSON.stringify({ ...splitEvent(event), timestamp, data });
}
