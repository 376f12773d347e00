import { ApiError, UnreachableError } from './client/api-error.js';

/** What the process says by its exit code; scripts may rely on it. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  refused: 5,
  runFailed: 6,
  unreachable: 7,
  disagrees: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure of a command that has been understood: one line for people, one code for scripts. */
export class Failure extends Error {
  override readonly name = 'Failure';
  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failure,
  ) {
    super(message);
  }
}

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  BAD_INPUT: EXIT.usage,
  BAD_SPEC: EXIT.usage,
  BAD_REQUEST: EXIT.usage,
  /** What the GraphQL schema does not take. */
  BAD_USER_INPUT: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  BLOB_NOT_FOUND: EXIT.notFound,
  UNAUTHENTICATED: EXIT.auth,
  FORBIDDEN: EXIT.auth,
  CONFLICT: EXIT.refused,
  NOT_READY: EXIT.refused,
  NOT_REPRODUCIBLE: EXIT.refused,
  SELF_APPROVAL: EXIT.refused,
  UNAVAILABLE: EXIT.unreachable,
  STORAGE_UNAVAILABLE: EXIT.unreachable,
};
const BY_STATUS: Readonly<Record<number, ExitCode>> = {
  400: EXIT.usage,
  401: EXIT.auth,
  403: EXIT.auth,
  404: EXIT.notFound,
  409: EXIT.refused,
  503: EXIT.unreachable,
};

/** The exit code of anything thrown. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Failure) return error.exitCode;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  if (error instanceof ApiError) return BY_CODE[error.code] ?? BY_STATUS[error.status ?? 0] ?? EXIT.failure;
  return isUsage(error) ? EXIT.usage : EXIT.failure;
}

/** oclif's parser throws errors that carry what it parsed. */
function isUsage(error: unknown): boolean {
  return error instanceof Error && 'parse' in error;
}
