/** Numbers as protobuf's JSON has them: NaN and infinities are text. */
export function jsonDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** PostgreSQL's text of a float8 as JSON: its finite numbers are JSON numbers as they are. */
export function rawDouble(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  // '0' to '9', else NaN, Infinity or -Infinity.
  return last >= 48 && last <= 57 ? text : `"${text}"`;
}

/** JSON text that is written out as it is. */
export class RawJson {
  constructor(readonly text: string) {}
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** Keys and values as a record; a key that comes twice is the last one's. */
export function record(items: readonly { readonly key: string; readonly value?: string | undefined }[]): Record<string, string> {
  return Object.fromEntries(items.map(({ key, value }) => [key, value ?? '']));
}

/** Leaves out what is null, as an unset field is in protobuf. */
export function compact<T extends object>(message: T): T {
  for (const key of Object.keys(message) as (keyof T)[])
    if (message[key] === null || message[key] === undefined) delete message[key];
  return message;
}
