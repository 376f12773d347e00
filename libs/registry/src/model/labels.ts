import { DomainError } from '#kernel';

/** Longest name, alias, key and value, in characters. */
const MAX_NAME = 256;
const MAX_ALIAS = 255;
const MAX_KEY = 250;
const MAX_VALUE = 100_000;
const MAX_DESCRIPTION = 100_000;

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
    throw bad(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
      'alias',
    );
  if (alias.length > MAX_ALIAS) throw bad(`'Registered model alias name' exceeds the maximum length of ${MAX_ALIAS} characters`, 'alias');
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

/** Whether tags say that a model is a prompt. */
export function saysPrompt(tags: Readonly<Record<string, string | null>>): boolean {
  return tags[PROMPT_TAG]?.toLowerCase() === 'true';
}
