import { WrongType } from './message.js';

/** An error about a number says it as the client wrote it, `9.0` and not the 9 that JSON makes of it; the body is read again for that, which is rare. */
export function asWritten(error: unknown, body: unknown): unknown {
  if (!(error instanceof WrongType) || typeof error.value !== 'number' || !Buffer.isBuffer(body)) return error;
  const source = sourceAt(body.toString('utf8'), error.path);
  return source !== undefined && /[.eE]/.test(source) ? new WrongType(error.path, error.value, source, 'float') : error;
}

/** The text of the number at a path such as `tags[0].value`. */
function sourceAt(text: string, path: string): string | undefined {
  const numbers = (_: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? { source: context?.source } : value;
  try {
    const parts = path.split(/[.[\]]+/).filter(Boolean);
    const at = parts.reduce<unknown>((node, part) => Object(node)[part] as unknown, JSON.parse(text, numbers));
    return (at as { source?: string } | undefined)?.source;
  } catch {
    return undefined;
  }
}
