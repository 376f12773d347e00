import type { IncomingHttpHeaders } from 'node:http';

/** True when the client says that it has what `etag` names: `If-None-Match`, compared weakly as RFC 9110 wants. */
export function hasTag(headers: IncomingHttpHeaders, etag: string): boolean {
  const asked = headers['if-none-match'];
  return asked !== undefined && asked.split(',').some((one) => [etag, '*'].includes(one.trim().replace(/^W\//, '')));
}

/**
 * The part that is asked for, both ends inclusive: undefined for the whole, `NONE` when no byte of it is there. Several ranges, another unit, or text
 * that is no range are not refused but answered with the whole, which every client must understand.
 */
export function rangeOf(
  headers: IncomingHttpHeaders,
  etag: string,
  size: number,
): { start: number; end: number } | 'NONE' | undefined {
  const [, first, last] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(headers.range ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  // What has changed since is sent anew, as a whole.
  if (headers['if-range'] !== undefined && headers['if-range'] !== etag) return undefined;
  if (first === '') return size > 0 && Number(last) > 0 ? { start: Math.max(0, size - Number(last)), end: size - 1 } : 'NONE';
  const [start, end] = [Number(first), last === '' ? Infinity : Number(last)];
  if (end < start) return undefined;
  return start < size ? { start, end: Math.min(end, size - 1) } : 'NONE';
}
