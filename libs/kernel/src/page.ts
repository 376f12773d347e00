import { DomainError } from './errors.js';

export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 200;

export interface PageArgs {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** One page of a keyset-paged list; `cursor` of the last node is where the next page begins. */
export interface Page<T> {
  readonly nodes: readonly T[];
  readonly hasNextPage: boolean;
}

/** `first`, 1 to 200, default 50. Throws BAD_INPUT. */
export function parsePageSize({ first }: PageArgs): number {
  const limit = first ?? DEFAULT_PAGE;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
    throw new DomainError('BAD_INPUT', `first must be between 1 and ${MAX_PAGE}, not ${limit}`, 'first');
  return limit;
}

/** Checks `first` (1 to 200, default 50) and decodes the opaque cursor to the key it holds. Throws BAD_INPUT. */
export function parsePage(args: PageArgs): { limit: number; after: string | undefined } {
  return { limit: parsePageSize(args), after: args.after ? decodeCursor(args.after) : undefined };
}

export function encodeCursor(key: string): string {
  return Buffer.from(`k:${key}`).toString('base64url');
}

export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!text.startsWith('k:') || text.length > 2000)
    throw new DomainError('BAD_INPUT', 'after is not a cursor of this list; use the endCursor of the previous page', 'after');
  return text.slice(2);
}

/** Cuts the extra row that was read to learn whether there is a next page. */
export function toPage<T>(rows: readonly T[], limit: number): Page<T> {
  return { nodes: rows.slice(0, limit), hasNextPage: rows.length > limit };
}
