import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, UnreachableError } from '../client/api-error.js';

const TRIES = 5;
const FIRST_MS = 300;
const LONGEST_MS = 30_000;
/** Answers that the same request may not get again a moment later. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

/** A passing refusal with the wait that the server asked for, in milliseconds. */
export class BusyError extends ApiError {
  constructor(
    code: string,
    message: string,
    status: number,
    readonly waitMs: number,
  ) {
    super(code, message, status);
  }
}

export const isPassing = (status: number): boolean => PASSING.has(status);

/** Tries again, ever later, while nobody answers or the answer is a passing one. `tries` of 1 is no retry. */
export async function patiently<T>(work: () => Promise<T>, tries = TRIES): Promise<T> {
  for (let n = 1; ; n++)
    try {
      return await work();
    } catch (error) {
      if (n >= tries || !mayPass(error)) throw error;
      const asked = error instanceof BusyError ? error.waitMs : 0;
      await delay(Math.min(Math.max(asked, FIRST_MS * 2 ** (n - 1) * (0.5 + Math.random())), LONGEST_MS));
    }
}

function mayPass(error: unknown): boolean {
  return error instanceof BusyError || error instanceof UnreachableError;
}
