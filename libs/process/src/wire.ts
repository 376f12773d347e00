import { DomainError, ERROR_CODES, errorMessage, isDomainError, type ErrorCode } from '#kernel';

/** The one message that a parent sends to its child. */
export interface ChildInput {
  readonly input: unknown;
}

interface WireError {
  readonly code?: string;
  readonly message: string;
  readonly field?: string;
}

/** The one message that a child answers. */
export type ChildAnswer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: WireError };

export function toWire(error: unknown): WireError {
  if (!isDomainError(error)) return { message: errorMessage(error) };
  return { code: error.code, message: error.message, field: error.field };
}

/** A failure keeps its code across the border; one without a code of ours is a defect of the child. */
export function fromWire(error: WireError): DomainError {
  const code = ERROR_CODES.find((known): known is ErrorCode => known === error.code);
  return new DomainError(code ?? 'CHILD_FAILED', error.message, error.field);
}

export function isAnswer(message: unknown): message is ChildAnswer {
  return typeof message === 'object' && message !== null && 'ok' in message;
}

export function isInput(message: unknown): message is ChildInput {
  return typeof message === 'object' && message !== null && 'input' in message;
}
