import { isDomainError, type DomainError } from '#kernel';
import { invalid, missing } from './errors.js';
import { fromLoggedModelId } from './ids.js';

/** What the use cases of a run refuse, in MLflow's words; `id` is the run's id as the client wrote it. */
export function runErrors(id: string): (error: unknown) => never {
  return (error) => {
    throw isDomainError(error) ? (inWords(error, id) ?? error) : error;
  };
}

function inWords(error: DomainError, id: string): Error | undefined {
  const details = error.details ?? {};
  switch (details['reason']) {
    case 'RUN_DELETED':
      return invalid(`The run ${id} must be in the 'active' state. Current state is deleted.`);
    case 'EXPERIMENT_DELETED':
      return invalid(`The experiment must be in the 'active' state. Current state is deleted.`);
    case 'PARAM_CHANGED': {
      const { key, old, given } = details as Record<string, string>;
      return invalid(
        `Changing param values is not allowed. Param with key='${key}' was already logged with value='${old}' for run ID='${id}'. Attempted logging new value '${given}'.`,
      );
    }
    case 'NO_MODEL':
      return missing(`Logged model with ID '${fromLoggedModelId(String(details['id']))}' not found.`);
    case 'NO_TAG':
      return undefined;
    default:
      return error.code === 'NOT_FOUND' ? missing(`Run with id=${id} not found`) : undefined;
  }
}
