import { createHash } from 'node:crypto';
import { DomainError } from '#kernel';

/** Values of a statement whose text depends on the question. */
export class SqlParams {
  readonly values: unknown[] = [];

  /** The place that stands for the value in the statement. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/**
 * One part of an order. `value` is an SQL expression (text in the order of its bytes: `collate "C"`), `rank` one that puts special values behind
 * the others in both directions: 0 for a value, 1 for NaN, 2 for what is missing. `type` is that of the value in a cursor.
 */
export interface SortKey {
  readonly rank?: string;
  readonly value: string;
  readonly descending: boolean;
  readonly type: 'text' | 'float8' | 'bigint' | 'timestamptz';
}

type CursorKey = readonly [rank: number, value: string | null];

/** A page of a list in any stable order: it goes on exactly where the page before ended, whatever is added meanwhile. The last key is unique. */
export class SortedPage {
  /** Columns that a row must have for its cursor. */
  readonly columns: string;
  readonly orderBy: string;
  private readonly mark: string;

  /** `order` names the order in a cursor: pages that are found in another way, but in the same order, go on from each other. */
  constructor(
    private readonly keys: readonly SortKey[],
    order: unknown = keys,
  ) {
    // As the server's own text, which keeps every digit and costs no parsing.
    this.columns = keys.map((key, i) => `${key.rank ?? '0'} as rank${i}, (${key.value})::text as key${i}`).join(', ');
    this.orderBy = keys
      .map((key) => `${key.rank ? `${key.rank}, ` : ''}${key.value} ${key.descending ? 'desc' : 'asc'}`)
      .join(', ');
    this.mark = createHash('sha256').update(JSON.stringify(order)).digest('base64url').slice(0, 8);
  }

  /** Condition for rows that come after the cursor's. Throws BAD_INPUT for a cursor that is none of this order. */
  after(cursor: string, params: SqlParams): string {
    const at = this.read(cursor);
    return this.keys.reduceRight((rest, key, i) => {
      const [rank, value] = at[i]!;
      const same = rank === 0 ? valueAfter(key, value, rest, params) : rest;
      if (!key.rank) return same;
      const mark = params.add(rank, 'int');
      return `(${key.rank} > ${mark} or (${key.rank} = ${mark} and ${same}))`;
    }, 'false');
  }

  /** Cuts rows, one more than `limit` of which were asked for, to a page. */
  page<T>(rows: readonly T[], limit: number): { readonly rows: readonly T[]; readonly next?: string } {
    const page = rows.slice(0, limit);
    return { rows: page, next: rows.length > limit && limit > 0 ? this.cursor(page.at(-1)!) : undefined };
  }

  /** True when the cursor's row had a value, not NaN or nothing, under the first key. Throws like `after`. */
  isAmongValues(cursor: string): boolean {
    return this.read(cursor)[0]![0] === 0;
  }

  cursor(row: object): string {
    const columns = row as Record<string, unknown>;
    const keys = this.keys.map((_, i) => [Number(columns[`rank${i}`]), columns[`key${i}`]]);
    return Buffer.from(JSON.stringify([this.mark, keys])).toString('base64url');
  }

  private read(cursor: string): CursorKey[] {
    const refused = new DomainError(
      'BAD_INPUT',
      'the page token is not one of this search and order; begin without one',
      'after',
      {
        reason: 'BAD_CURSOR',
      },
    );
    let parsed: unknown;
    try {
      parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    } catch {
      throw refused;
    }
    const [mark, keys] = Array.isArray(parsed) ? (parsed as [unknown, unknown]) : [];
    if (mark !== this.mark || !Array.isArray(keys) || keys.length !== this.keys.length) throw refused;
    for (const [i, key] of (keys as unknown[]).entries()) if (!isCursorKey(key, this.keys[i]!.type)) throw refused;
    return keys as CursorKey[];
  }
}

function valueAfter(key: SortKey, value: string | null, rest: string, params: SqlParams): string {
  const mark = params.add(value, key.type);
  const further = key.descending ? '<' : '>';
  // The first test lets the planner walk an index from here on.
  return `(${key.value} ${further}= ${mark} and (${key.value} ${further} ${mark} or ${rest}))`;
}

function isCursorKey(key: unknown, type: SortKey['type']): boolean {
  if (!Array.isArray(key) || key.length !== 2) return false;
  const [rank, value] = key as [unknown, unknown];
  if (rank !== 0) return rank === 1 || rank === 2;
  if (typeof value !== 'string' || value.includes('\u0000')) return false;
  if (type === 'float8') return value !== '' && !Number.isNaN(Number(value));
  if (type === 'bigint') return /^-?\d{1,19}$/.test(value);
  return type === 'text' || !Number.isNaN(Date.parse(value));
}

/** Conditions that hold all, any or not. */
export type Group<C> = { readonly kind: 'and' | 'or'; readonly of: readonly C[] } | { readonly kind: 'not'; readonly of: C };

/** SQL of a group: all of nothing is true, any of nothing is false, and not of what cannot be told (null) is true. */
export function groupSql<C>(group: Group<C>, sql: (condition: C) => string): string {
  if (group.kind === 'not') return `not coalesce(${sql(group.of)}, false)`;
  if (group.of.length === 0) return group.kind === 'and' ? 'true' : 'false';
  return `(${group.of.map(sql).join(` ${group.kind} `)})`;
}

/** How texts are compared, in SQL's own words. */
export interface TextTest {
  readonly op: '=' | '!=' | 'LIKE' | 'ILIKE' | 'IN' | 'NOT IN';
  readonly value: string | readonly string[];
}
export type NumberOp = '=' | '!=' | '<' | '<=' | '>' | '>=';

/**
 * SQL of a test on a text expression. Where a pattern is ASCII, letters of other scripts play no part in it, and to compare in C is several times faster than
 * by the rules of a language.
 */
export function textTestSql(expression: string, test: TextTest, params: SqlParams): string {
  if (test.op === 'IN') return `${expression} = any(${params.add(test.value, 'text[]')})`;
  if (test.op === 'NOT IN') return `${expression} <> all(${params.add(test.value, 'text[]')})`;
  const quickly = test.op === 'ILIKE' && isAscii(test.value as string) ? ' collate "C"' : '';
  return `${expression}${quickly} ${sqlOp(test.op)} ${params.add(test.value, 'text')}`;
}

// eslint-disable-next-line no-control-regex
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);

export const sqlOp = (op: string): string => (op === '!=' ? '<>' : op);

/** Times beyond what a date can hold compare like the first or last one. */
export const toDate = (ms: number): Date => new Date(Math.max(-62_135_596_800_000, Math.min(8.64e15, Math.floor(ms))));
