import type { Datatype } from '#contracts';

const INTEGER_RANGES: Readonly<Partial<Record<Datatype, readonly [number, number]>>> = {
  INT8: [-(2 ** 7), 2 ** 7 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  UINT8: [0, 2 ** 8 - 1],
  UINT16: [0, 2 ** 16 - 1],
  UINT32: [0, 2 ** 32 - 1],
  UINT64: [0, Number.MAX_SAFE_INTEGER],
};

/**
 * Why a JSON value is no element of the data type; undefined when it is one. 64-bit integers beyond 2^53 are refused, because JSON numbers
 * have lost their last digits by the time they are seen here; the binary extension carries them whole.
 */
export function elementFault(datatype: Datatype, value: unknown): string | undefined {
  if (datatype === 'BYTES') return typeof value === 'string' ? undefined : `expected a string, got ${kindOf(value)}`;
  if (datatype === 'BOOL') return typeof value === 'boolean' ? undefined : `expected true or false, got ${kindOf(value)}`;
  if (typeof value !== 'number') return `expected a number, got ${kindOf(value)}`;
  const range = INTEGER_RANGES[datatype];
  if (range) return integerFault(datatype, value, range);
  const fits = Number.isFinite(datatype === 'FP32' ? Math.fround(value) : value);
  return fits ? undefined : `${value} is out of range for ${datatype}`;
}

function integerFault(datatype: Datatype, value: number, [low, high]: readonly [number, number]): string | undefined {
  if (!Number.isInteger(value)) return `expected a whole number, got ${value}`;
  return value >= low && value <= high ? undefined : `${value} is out of range for ${datatype}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** Data types that a FP64 input takes besides its own: every number of theirs is one of FP64, save 64-bit integers beyond 2^53. */
const WIDENED: ReadonlySet<Datatype> = new Set<Datatype>([
  'FP32',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
]);

export function accepts(expected: Datatype, got: string): got is Datatype {
  return got === expected || (expected === 'FP64' && WIDENED.has(got as Datatype));
}
