import { DomainError } from '#kernel';

/** A tensor as a request carries it (Open Inference Protocol V2): `data` from JSON, or `raw` from the binary tensor extension. */
export interface WireInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: unknown;
  readonly raw?: Uint8Array;
}

/** A tensor as a JSON response carries it: `data` flat, row-major. */
export interface WireOutput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

const MAX_RANK = 8;

export function badRequest(message: string, field?: string): DomainError {
  return new DomainError('BAD_REQUEST', message, field);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Checks the envelope of each input: name, datatype, and a shape of at most 8 positive dimensions whose product is a safe integer. Throws
 * BAD_REQUEST. Whether the data fit is for decodeInputs.
 */
export function parseWireInputs(inputs: unknown): WireInput[] {
  if (!Array.isArray(inputs)) throw badRequest('inputs must be an array of tensors', 'inputs');
  return inputs.map((input: unknown, index) => {
    if (!isRecord(input)) throw badRequest(`inputs[${index}] must be an object`, 'inputs');
    const { name, datatype, shape, data, raw } = input;
    if (typeof name !== 'string') throw badRequest(`inputs[${index}].name must be a string`, 'inputs');
    const shown = quote(name);
    if (typeof datatype !== 'string') throw badRequest(`input ${shown}: datatype must be a string`, name);
    if (!isShape(shape)) throw badRequest(`input ${shown}: shape must be 1 to ${MAX_RANK} positive whole numbers`, name);
    if (!Number.isSafeInteger(elementCount(shape))) throw badRequest(`input ${shown}: shape [${shape}] is too large`, name);
    return { name, datatype, shape, data, ...(raw instanceof Uint8Array ? { raw } : {}) };
  });
}

/** A name from outside, for a message: quoted and bounded. */
export function quote(name: string): string {
  return `"${name.length > 100 ? `${name.slice(0, 100)}…` : name}"`;
}

function isShape(shape: unknown): shape is number[] {
  const dims: unknown[] = Array.isArray(shape) ? shape : [];
  return dims.length >= 1 && dims.length <= MAX_RANK && dims.every((dim) => Number.isSafeInteger(dim) && (dim as number) > 0);
}

/** Product of the dimensions; not a safe integer any more (or Infinity) when it overflows, because every factor is at least 1. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dim of shape) {
    count *= dim;
    // Stops before rounding could bring an overflown product back into range.
    if (count > Number.MAX_SAFE_INTEGER) return Infinity;
  }
  return count;
}
