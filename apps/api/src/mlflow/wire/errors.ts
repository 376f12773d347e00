import { isDomainError, type DomainError } from '#kernel';
import { toPublicError } from '../../http/exception.filter.js';

const INTERNAL = 'CLIENT_INTERNAL_ERROR';

/** Error codes of MLflow's API, each with the HTTP status that its clients know it by. */
const STATUS = {
  BAD_REQUEST: 400,
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  ABORTED: 409,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  INVALID_STATE: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
} as const;
export type MlflowCode = keyof typeof STATUS;

/** What newer clients sort errors by; codes that are not here have no class. */
const CLASS: Partial<Record<MlflowCode, string>> = {
  BAD_REQUEST: 'INVALID_PARAMETER_VALUE',
  INVALID_PARAMETER_VALUE: 'INVALID_PARAMETER_VALUE',
  RESOURCE_ALREADY_EXISTS: 'RESOURCE_ALREADY_EXISTS',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  RESOURCE_DOES_NOT_EXIST: 'RESOURCE_NOT_FOUND',
  ENDPOINT_NOT_FOUND: 'RESOURCE_NOT_FOUND',
  INTERNAL_ERROR: INTERNAL,
  INVALID_STATE: INTERNAL,
  TEMPORARILY_UNAVAILABLE: INTERNAL,
};

/** An error in MLflow's own form. */
export class MlflowError extends Error {
  override readonly name = 'MlflowError';
  readonly status: number;

  constructor(
    readonly code: MlflowCode,
    message: string,
    status?: number,
  ) {
    super(message);
    this.status = status ?? STATUS[code];
  }

  /** The body of the answer. */
  toJSON(): object {
    const error = { error_code: this.code, message: this.message };
    const name = CLASS[this.code];
    return name === undefined ? error : { ...error, sqlstate: name === INTERNAL ? 'XXM00' : 'KAM00', error_class: name };
  }
}

export const invalid = (message: string): MlflowError => new MlflowError('INVALID_PARAMETER_VALUE', message);
export const missing = (message: string): MlflowError => new MlflowError('RESOURCE_DOES_NOT_EXIST', message);

/** What a domain says, in MLflow's words. `details.reason` tells conflicts apart that MLflow gives codes of their own. */
function fromDomain(error: DomainError): MlflowError {
  switch (error.code) {
    case 'BAD_INPUT':
      if (error.details?.['reason'] === 'BAD_CURSOR') return invalid(`Invalid page token: ${error.message}`);
      return invalid(error.message);
    case 'BAD_REQUEST':
    case 'BAD_DATA':
    case 'BAD_MODEL':
    case 'BAD_SPEC':
      return invalid(error.message);
    case 'NOT_FOUND':
    case 'BLOB_NOT_FOUND':
      return missing(error.message);
    case 'CONFLICT':
      return error.details?.['reason'] === 'NAME_TAKEN'
        ? new MlflowError('RESOURCE_ALREADY_EXISTS', error.message)
        : invalid(error.message);
    case 'FORBIDDEN':
    case 'SELF_APPROVAL':
      return new MlflowError('PERMISSION_DENIED', error.message);
    case 'UNAUTHENTICATED':
      return new MlflowError('UNAUTHENTICATED', error.message);
    case 'BLOB_TOO_LARGE':
      return new MlflowError('INVALID_PARAMETER_VALUE', error.message, 413);
    default: {
      const { status } = toPublicError(error);
      return new MlflowError(
        status === 503 ? 'TEMPORARILY_UNAVAILABLE' : status >= 500 ? 'INTERNAL_ERROR' : 'BAD_REQUEST',
        error.message,
        status,
      );
    }
  }
}

/** Anything thrown, as MLflow's clients expect to read it; never a stack, SQL or a path. */
export function toMlflowError(error: unknown): MlflowError {
  if (error instanceof MlflowError) return error;
  if (isDomainError(error)) return fromDomain(error);
  const { status, message } = toPublicError(error);
  if (status === 503) return new MlflowError('TEMPORARILY_UNAVAILABLE', message);
  return status < 500 ? new MlflowError('BAD_REQUEST', message, status) : new MlflowError('INTERNAL_ERROR', message);
}
