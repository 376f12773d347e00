import pg from 'pg';

const TIMESTAMPTZ = 1184;
const fallback = pg.types.getTypeParser(TIMESTAMPTZ, 'text') as (text: string) => unknown;

/**
 * A time as PostgreSQL writes it in UTC, `2026-01-31 23:59:59.123456+00`, cut to milliseconds. `pg`'s own parser, which takes all else, reads every part by a
 * regular expression; lists have thousands of times.
 */
export function parseTimestamp(text: string): unknown {
  const { length } = text;
  const isUsual =
    length >= 22 &&
    length <= 29 &&
    text.charCodeAt(length - 3) === 43 &&
    text.charCodeAt(length - 2) === 48 &&
    text.charCodeAt(length - 1) === 48 &&
    text.charCodeAt(4) === 45 &&
    text.charCodeAt(10) === 32 &&
    (length === 22 || text.charCodeAt(19) === 46);
  if (!isUsual) return fallback(text);
  const year = two(text, 0) * 100 + two(text, 2);
  if (year < 100) return fallback(text);
  let ms = 0;
  for (let at = 20, worth = 100; at < length - 3 && worth >= 1; at += 1, worth /= 10) ms += digit(text, at) * worth;
  return new Date(Date.UTC(year, two(text, 5) - 1, two(text, 8), two(text, 11), two(text, 14), two(text, 17), ms));
}

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48;
const two = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1);

/** How the columns of a row are read: as `pg` does, but for times. */
export const COLUMN_TYPES = {
  getTypeParser: (type: number, format?: 'text' | 'binary') =>
    type === TIMESTAMPTZ && format !== 'binary' ? parseTimestamp : pg.types.getTypeParser(type, format as 'text'),
};
