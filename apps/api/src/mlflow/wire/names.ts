import { posix } from 'node:path';
import { invalid } from './errors.js';

/** Longest key of a metric, param or tag; longer values of params and run tags are cut, as MLflow cuts them by default. */
const MAX_KEY = 250;
export const MAX_PARAM_VALUE = 6000;
export const MAX_RUN_TAG_VALUE = 8000;

const ALLOWED = /^[/\p{L}\p{N}_.\- :]*$/u;
const CHARACTERS =
  'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).';

/** Throws for a key that MLflow does not take as name of a metric, param or tag. */
export function checkKey(key: string, path: string, what: string): void {
  if (!ALLOWED.test(key)) throw badKey(path, key, CHARACTERS);
  const norm = posix.normalize(key);
  if (norm !== key || norm === '.' || norm.startsWith('..') || norm.startsWith('/') || (norm.length > 1 && norm.endsWith('/')))
    throw badKey(
      path,
      key,
      `Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${norm}'`,
    );
  checkLength(what, key, MAX_KEY);
}

const badKey = (path: string, key: string, why: string): Error =>
  invalid(`Invalid value ${JSON.stringify(key)} for parameter '${path}' supplied: ${why}`);

export function checkLength(what: string, value: string, limit: number): void {
  if (isLonger(value, limit)) throw invalid(`'${what}' exceeds the maximum length of ${limit} characters`);
}

export const cut = (value: string, limit: number): string =>
  isLonger(value, limit) ? [...value].slice(0, limit).join('') : value;

/** In characters, of which those beyond the first 65,536 are two units of a string here. */
const isLonger = (value: string, limit: number): boolean => value.length > limit && [...value].length > limit;

/** `max_results` of a search: `fallback` when absent. */
export function pageSize(value: number | undefined, fallback: number, most: number): number {
  if (value === undefined) return fallback;
  const refused = (why: string) => invalid(`Invalid value ${value} for parameter 'max_results' supplied. ${why}`);
  if (value < 1) throw refused('It must be a positive integer.');
  if (value > most) throw refused(`It must be at most ${most}, but got value ${value}`);
  return value;
}
