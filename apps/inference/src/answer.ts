import { isDomainError } from '#kernel';
import { Fault } from './faults.js';

/** One HTTP answer, whole in memory, so that it is sent with its length by a single write. */
export interface Answer {
  readonly status: number;
  readonly body: string | Uint8Array;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Answer {
  return { status, body: JSON.stringify(value), type: 'application/json', headers };
}

/** The protocol's `{"error"}` for a fault of the caller; undefined for any other error, whose text is for our log only. */
export function faultAnswer(error: unknown): Answer | undefined {
  if (error instanceof Fault) return json(error.status, { error: error.message }, error.headers);
  // The only refusal of the engine: inputs that do not fit the model.
  if (isDomainError(error) && error.code === 'BAD_REQUEST') return json(400, { error: error.message });
  return undefined;
}
