import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select, selectText } from '#database';
import { DomainError } from '#kernel';

/** A point in the server's own text. */
export type PointText = readonly [value: string, timestamp: string, step: string];

export interface HistoryPage {
  readonly points: readonly PointText[];
  readonly next?: string;
}

/** Of a training that was resumed, the last attempt's point of a step stands. */
export const STANDING = `(p.attempt = 0 or not exists (select 1 from metric_point q where q.run = p.run and q.key = p.key and q.step = p.step and q.attempt > p.attempt))`;
const ORDER = 'p.ts, p.step, p.value, p.source, p.attempt';
const COLUMNS = 'p.value, p.ts, p.step, p.source, p.attempt';

const FIRST = `select ${COLUMNS} from metric_point p where p.run = $1 and p.key = $2 and ${STANDING} order by ${ORDER} limit $3`;
const NEXT = `select ${COLUMNS} from metric_point p where p.run = $1 and p.key = $2 and ${STANDING}
  and (${ORDER}) > ($4::bigint, $5::bigint, $6::float8, $7::smallint, $8::smallint) order by ${ORDER} limit $3`;

/**
 * Points of runs, each run's evenly spread over all that it has: of n in `order`, the first of each of $5 equal parts, and the last instead of the last
 * part's; all of them when there are no more than $5. They come in the order of step, time and value. They are gathered in arrays, since to number rows costs
 * three times what it costs to read them. The fifth column says whether the first and the last in `order` are the first and the last step.
 */
const sampled = (order: string) => `select g.v[c.at], g.t[c.at], g.s[c.at], r.run, g.least = g.s[1] and g.most = g.s[g.n]
  from unnest($1::int[]) with ordinality r(run, place)
  cross join lateral (
    select array_agg(x.value) as v, array_agg(x.ts) as t, array_agg(x.step) as s, min(x.step) as least, max(x.step) as most, count(*)::int as n from (
      select p.value, p.ts, p.step from metric_point p
       where p.run = r.run and p.key = $2 and p.step between $3 and $4 and ${STANDING} order by ${order}) x) g
  cross join lateral generate_series(0, least($5::int, g.n) - 1) i
  cross join lateral (select case when i = least($5::int, g.n) - 1 then g.n else 1 + i * (g.n / $5::int) + least(i, g.n % $5::int) end as at) c
  order by r.place, g.s[c.at], g.t[c.at], g.v[c.at]`;
/** In the order of the key: nothing is sorted. Steps nearly always rise with the time. */
const SAMPLED_BY_TIME = sampled('p.ts, p.step, p.value');
const SAMPLED_BY_STEP = sampled('p.step, p.ts, p.value');

/** Histories of metrics as they were logged: in order of time, step and value. */
@Injectable()
export class MetricHistory {
  constructor(private readonly dataSource: DataSource) {}

  /** One page of at most `limit` points. Throws BAD_INPUT (`field` after) for a token that is none. */
  async page(run: number, key: number, limit: number, after?: string): Promise<HistoryPage> {
    const rows = after
      ? await selectText(this.dataSource, NEXT, [run, key, limit + 1, ...readToken(after)])
      : await selectText(this.dataSource, FIRST, [run, key, limit + 1]);
    const points = (rows.length > limit ? rows.slice(0, limit) : rows) as unknown as PointText[];
    return { points, next: rows.length > limit ? writeToken(rows[limit - 1]!) : undefined };
  }

  /** The whole history, a page at a time, at flat memory. */
  async *pages(run: number, key: number, size = 5000): AsyncGenerator<readonly PointText[]> {
    for (let after: string | undefined, first = true; first || after; first = false) {
      const { points, next } = await this.page(run, key, size, after);
      yield points;
      after = next;
    }
  }

  /** Ids of the metrics that a run has, or of those among `keys`, in the order of their names. */
  async keysOf(run: number, keys?: readonly string[]): Promise<{ readonly id: number; readonly name: string }[]> {
    return select(
      this.dataSource,
      `select distinct k.id, k.name from metric_latest l join metric_key k on k.id = l.key
        where l.run = $1 and ($2::text[] is null or k.name = any($2)) order by k.name`,
      [run, keys ?? null],
    );
  }

  /** Up to `limit` points of each of some runs, of a range of steps, one run after the other; the fourth part is the run's number. */
  async sampled(
    runs: readonly number[],
    key: number,
    limit: number,
    range: { readonly from: number; readonly to: number } | undefined,
  ): Promise<readonly (readonly [value: string, timestamp: string, step: string, run: string])[]> {
    const { from, to } = range ?? { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
    const asked = [runs, key, from, to, limit];
    const byTime = await selectText(this.dataSource, SAMPLED_BY_TIME, asked);
    const isRising = byTime.every(([, , , , rising]) => rising === 't');
    const rows = isRising ? byTime : await selectText(this.dataSource, SAMPLED_BY_STEP, asked);
    return rows as unknown as (readonly [string, string, string, string])[];
  }
}

function writeToken([value, ts, step, source, attempt]: readonly (string | null)[]): string {
  return Buffer.from([ts, step, value, source, attempt].join(' ')).toString('base64url');
}

function readToken(token: string): string[] {
  const parts = Buffer.from(token, 'base64url').toString('utf8').split(' ');
  const [ts, step, value, source, attempt] = parts;
  const isInt = (part: string | undefined) => /^-?\d{1,19}$/.test(part ?? '');
  const isDouble = /^(NaN|-?Infinity)$/.test(value ?? '') || (value !== '' && !Number.isNaN(Number(value)));
  if (
    parts.length !== 5 ||
    ![ts, step].every(isInt) ||
    ![source, attempt].every((part) => /^\d{1,4}$/.test(part ?? '')) ||
    !isDouble
  )
    throw new DomainError('BAD_INPUT', 'the page token is not one of this list; begin without one', 'after', {
      reason: 'BAD_CURSOR',
    });
  return parts;
}
