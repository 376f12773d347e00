const STATUS = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  TOO_LARGE: 413,
  UNSUPPORTED_TYPE: 415,
  NOT_READY: 503,
  OVERLOADED: 503,
} as const;
export type FaultCode = keyof typeof STATUS;

/** A refusal that the caller is told. No DomainError, because most of these codes mean something to HTTP only. */
export class Fault extends Error {
  override readonly name = 'Fault';
  constructor(
    readonly code: FaultCode,
    message: string,
    /** For the answer. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get status(): number {
    return STATUS[this.code];
  }
}

export function fault(code: FaultCode, message: string, headers?: Readonly<Record<string, string>>): Fault {
  return new Fault(code, message, headers);
}
