import { DomainError } from '#kernel';

/** Longest name, alias, key and value, in characters. */
const MAX_NAME = 256;
const MAX_ALIAS = 255;
const MAX_KEY = 250;
const MAX_VALUE = 100_000;
const MAX_DESCRIPTION = 100_000;
const MAX_ID = 256;
const MAX_LINK = 2000;

/** Tag of a model that is a prompt: one noun more for MLflow's clients, the same tables here. */
export const PROMPT_TAG = 'mlflow.prompt.is_prompt';

const bad = (message: string, field: string): DomainError => new DomainError('BAD_INPUT', message, field);

/** The wide rule for names of models: what MLflow's clients may use. Throws BAD_INPUT. */
export function checkOpenName(name: string): void {
  if (name.trim() === '') throw bad('a model needs a name', 'name');
  if (/[/:]/.test(name)) throw bad(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`, 'name');
  if (name.length > MAX_NAME || name === '.' || name === '..' || name.includes('\u0000'))
    throw bad(`Invalid model name '${name.slice(0, MAX_NAME)}'. Names have at most ${MAX_NAME} characters.`, 'name');
}

/** Throws BAD_INPUT for what is no alias; `latest` and `v1` would be taken for versions. */
export function checkAlias(alias: string): void {
  if (!/^[\p{L}\p{N}_-]+$/u.test(alias))
    throw bad(`Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`, 'alias');
  if (alias.length > MAX_ALIAS)
    throw bad(`'Registered model alias name' exceeds the maximum length of ${MAX_ALIAS} characters`, 'alias');
  if (alias.toLowerCase() === 'latest') throw bad("'latest' alias name (case insensitive) is reserved.", 'alias');
  if (/^[vV]\d+$/.test(alias)) throw bad(`Version alias name '${alias}' is reserved.`, 'alias');
}

/** Throws BAD_INPUT for tags that are too long; null stands for a tag that goes. */
export function checkTags(tags: Readonly<Record<string, string | null>>): void {
  for (const [key, value] of Object.entries(tags)) {
    if (key === '' || key.length > MAX_KEY) throw bad(`a tag's key has 1 to ${MAX_KEY} characters`, 'key');
    if ((value?.length ?? 0) > MAX_VALUE) throw bad(`'value' exceeds the maximum length of ${MAX_VALUE} characters`, 'value');
  }
}

export function checkDescription(description: string): void {
  if (description.length > MAX_DESCRIPTION)
    throw bad(`'description' exceeds the maximum length of ${MAX_DESCRIPTION} characters`, 'description');
}

/** Throws BAD_INPUT for names of a run and a logged model, and for a link, that are too long to be any. */
export function checkOrigin(origin: {
  readonly runId?: string | null;
  readonly loggedModelId?: string | null;
  readonly runLink?: string | null;
}): void {
  const { runId, loggedModelId, runLink } = origin;
  if ((runId?.length ?? 0) > MAX_ID) throw bad(`'run_id' exceeds the maximum length of ${MAX_ID} characters`, 'runId');
  if ((loggedModelId?.length ?? 0) > MAX_ID)
    throw bad(`'model_id' exceeds the maximum length of ${MAX_ID} characters`, 'loggedModelId');
  if ((runLink?.length ?? 0) > MAX_LINK) throw bad(`'run_link' exceeds the maximum length of ${MAX_LINK} characters`, 'runLink');
}

/** Whether a version can have this number at all. */
export function isNumber(number: number): boolean {
  return Number.isInteger(number) && number > 0 && number < 2 ** 31;
}

/** Whether tags say that a model is a prompt. */
export function saysPrompt(tags: Readonly<Record<string, string | null>>): boolean {
  return tags[PROMPT_TAG]?.toLowerCase() === 'true';
}
