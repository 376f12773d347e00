import { invalid, MlflowError } from './errors.js';

/**
 * Request messages of MLflow's API. Clients send JSON in the spirit of protobuf: numbers may come as text (R sends nothing else), 64-bit integers too,
 * names in snake_case or camelCase, absent is null; unknown fields are ignored.
 */
export interface Field<T> {
  /** Reads a value that is there. Throws MlflowError naming `path`. */
  read(value: unknown, path: string): T;
  readonly required: boolean;
  readonly repeated: boolean;
  readonly initial: T | undefined;
  /** Where an equal meaning may come from: `run_uuid` for `run_id`. */
  readonly alias?: string;
}

export type Shape = Readonly<Record<string, Field<unknown>>>;
export type Message<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

const HELP = 'See the API docs for more information about request parameters.';

const shownValue = (value: unknown): string => JSON.stringify(value === undefined ? null : value).slice(0, 1000);

function badText(path: string, shown: string, hint: string | undefined): string {
  return `Invalid value ${shown} for parameter '${path}' supplied${hint ? `: ${hint}` : '.'} ${HELP}`;
}

export function badValue(path: string, value: unknown, hint?: string): Error {
  return invalid(badText(path, shownValue(value), hint));
}

export function missingValue(path: string): Error {
  return invalid(`Missing value for required parameter '${path}'. ${HELP}`);
}

/** The name that Python has for a JSON value's type, as the texts name it. */
function pythonType(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return { string: 'str', boolean: 'bool' }[typeof value as string] ?? 'dict';
}

/** A value of a wrong type. */
export class WrongType extends MlflowError {
  constructor(
    readonly path: string,
    readonly value: unknown,
    shown = shownValue(value),
    type = pythonType(value),
  ) {
    super('INVALID_PARAMETER_VALUE', badText(path, shown, `Hint: Value was of type '${type}'.`));
  }
}

export const wrongType = (path: string, value: unknown): Error => new WrongType(path, value);

function field<T>(read: Field<T>['read']): Field<T | undefined> {
  return { read, required: false, repeated: false, initial: undefined };
}

/** Must be there, and not be an empty text. */
export function required<T>(inner: Field<T | undefined>, alias?: string): Field<T> {
  return { ...inner, required: true, alias } as Field<T>;
}

export const text = field<string>((value, path) => {
  if (typeof value !== 'string') throw wrongType(path, value);
  if (!value.isWellFormed() || value.includes('\u0000')) throw badValue(path, value, 'it holds characters that cannot be stored');
  return value;
});

/** An integer in the range in which it keeps its value, or its text. */
export const int = field<number>((value, path) => {
  const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw wrongType(path, value);
  if (!Number.isSafeInteger(number)) throw badValue(path, value, 'integers must lie between -(2^53-1) and 2^53-1');
  return number;
});

/** A double, or its text; NaN and infinities are `"NaN"`, `"Infinity"`, `"-Infinity"` (Python's `nan`, `inf` are understood). */
export const double = field<number>((value, path) => {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') throw wrongType(path, value);
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(value.trim());
  if (special) return special[2]!.toLowerCase() === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  const number = Number(value);
  if (Number.isNaN(number)) throw wrongType(path, value);
  return number;
});

export const bool = field<boolean>((value, path) => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (typeof value === 'string') throw invalid(`Invalid boolean value: ${value}, must be 'true' or 'false'.`);
  throw wrongType(path, value);
});

/** One of some names. */
export function oneOf<T extends string>(...names: readonly T[]): Field<T | undefined> {
  return field((value, path) => {
    if (typeof value !== 'string') throw wrongType(path, value);
    if (!names.includes(value as T)) throw badValue(path, value, `it must be one of ${names.join(', ')}`);
    return value as T;
  });
}

/** A list; absent is empty. */
export function list<T>(item: Field<T>): Field<T[]> {
  return {
    read: (value, path) => {
      if (!Array.isArray(value)) throw wrongType(path, value);
      return value.map((each, i) => item.read(each, `${path}[${i}]`));
    },
    required: false,
    repeated: true,
    initial: [],
  };
}

export function object<S extends Shape>(shape: S): Field<Message<S>> {
  return {
    read: (value, path) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, value);
      return readMessage(shape, value as Record<string, unknown>, `${path}.`);
    },
    required: false,
    repeated: false,
    initial: undefined,
  };
}

/** JSON as it is. */
export const anything = field<unknown>((value) => value);

/** Throws MlflowError in the words that MLflow has for what is missing or wrong. */
export function readMessage<S extends Shape>(shape: S, raw: Readonly<Record<string, unknown>>, prefix = ''): Message<S> {
  const message: Record<string, unknown> = {};
  for (const name in shape) {
    const { read, initial, ...field } = shape[name]!;
    let value = Object.hasOwn(raw, name) ? raw[name] : raw[camel(name)];
    if ((value === undefined || value === null || value === '') && field.alias) value = raw[field.alias];
    if (field.required && (value === undefined || value === null || value === '')) throw missingValue(prefix + name);
    message[name] = value === undefined || value === null ? initial : read(value, prefix + name);
  }
  return message as Message<S>;
}

const camels = new Map<string, string>();
function camel(name: string): string {
  let known = camels.get(name);
  if (known === undefined) camels.set(name, (known = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())));
  return known;
}
