/** Every code of an expected failure. The edges map each to GraphQL, HTTP and log level in one exhaustive table. */
export const ERROR_CODES = [
  'BAD_INPUT',
  'BAD_SPEC',
  'BAD_DATA',
  'BAD_MODEL',
  'BAD_CHECKPOINT',
  'BAD_REQUEST',
  'NOT_FOUND',
  'CONFLICT',
  'NOT_READY',
  'NOT_REPRODUCIBLE',
  'SELF_APPROVAL',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'TOO_MANY',
  'STALE_ATTEMPT',
  'BLOB_NOT_FOUND',
  'BLOB_MISMATCH',
  'BLOB_TOO_LARGE',
  'STORAGE_UNAVAILABLE',
  'IDEMPOTENCY_MISMATCH',
  'RESYNC',
  'MIGRATION_CHANGED',
  'ABORTED',
  'DIVERGED',
  'BACKEND_UNAVAILABLE',
  'CLOSED',
  'CHILD_FAILED',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * An expected failure of a use case. `code` comes from the const union of its feature; the edges map it to GraphQL, HTTP and exit codes
 * in one exhaustive table. `field` names the input that was wrong; `details` is plain JSON.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly field?: string,
    readonly details?: Record<string, unknown>,
  ) {
    super(message);
  }
}

export function isDomainError(error: unknown): error is DomainError {
  return error instanceof Error && error.name === 'DomainError';
}

/** Text of anything thrown, for logs and reasons. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Compile-time proof that a union was handled; at run time it names the value that was not. */
export function assertNever(value: never, what = 'value'): never {
  throw new Error(`unexpected ${what}: ${JSON.stringify(value)}`);
}
