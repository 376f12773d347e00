import type { ErrorCode } from '#kernel';

export interface ErrorRule {
  readonly status: number;
  /** Expected failures of a mutation come back as its `userErrors`; the others are errors of the request. */
  readonly user: boolean;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

const user = (status: number): ErrorRule => ({ status, user: true, level: 'debug' });
const fault = (status: number, level: ErrorRule['level']): ErrorRule => ({ status, user: false, level });

/** Code -> how the edges say it. A record over all codes: a new code does not compile until it has its line. */
export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorRule>> = {
  BAD_INPUT: user(400),
  BAD_SPEC: user(400),
  BAD_DATA: user(400),
  BAD_MODEL: user(400),
  BAD_CHECKPOINT: user(400),
  BAD_REQUEST: fault(400, 'debug'),
  NOT_FOUND: user(404),
  CONFLICT: user(409),
  NOT_READY: user(409),
  NOT_REPRODUCIBLE: user(409),
  SELF_APPROVAL: user(403),
  FORBIDDEN: fault(403, 'info'),
  UNAUTHENTICATED: fault(401, 'info'),
  TOO_MANY: fault(429, 'info'),
  STALE_ATTEMPT: fault(409, 'info'),
  BLOB_NOT_FOUND: user(404),
  BLOB_MISMATCH: fault(422, 'info'),
  BLOB_TOO_LARGE: fault(413, 'info'),
  STORAGE_UNAVAILABLE: fault(503, 'error'),
  IDEMPOTENCY_MISMATCH: fault(422, 'info'),
  RESYNC: fault(410, 'info'),
  MIGRATION_CHANGED: fault(500, 'error'),
  ABORTED: fault(503, 'warn'),
  DIVERGED: user(422),
  BACKEND_UNAVAILABLE: fault(503, 'error'),
  CLOSED: fault(503, 'warn'),
  CHILD_FAILED: fault(500, 'error'),
};

/** SQLSTATE classes and Node codes that say "the database is away for now": answered by 503 and a time to come back. */
export function isUnavailable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string')
    return error instanceof Error && /Connection terminated|timeout exceeded when trying to connect/.test(error.message);
  return /^(57P0[1-3]|08...|53300)$/.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code);
}
