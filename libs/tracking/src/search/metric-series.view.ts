import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';
import { lttb } from '../model/lttb.js';
import { MetricKeys } from './metric-keys.view.js';
import { STANDING } from './metric-history.view.js';

export type Axis = 'STEP' | 'TIME' | 'EPOCH';
export type Sampling = 'MIN_MAX' | 'LTTB';

export interface SeriesQuery {
  /** Numbers of runs that the caller may read. */
  readonly runs: readonly number[];
  readonly keys: readonly string[];
  readonly axis: Axis;
  readonly sampling: Sampling;
  /** Most points of one series; 3 or more. */
  readonly maxPoints: number;
  /** Range of the axis, both ends included. */
  readonly from?: number;
  readonly to?: number;
}

export interface SeriesPoint {
  readonly x: number;
  readonly value: number;
  readonly step: number;
  readonly timestamp: number;
}

export interface Series {
  readonly run: number;
  readonly key: string;
  /** Points in the range, before sampling; NaN is none of them. */
  readonly count: number;
  readonly points: readonly SeriesPoint[];
}

interface Bounds {
  readonly run: number;
  readonly key: number;
  readonly lo: number;
  readonly hi: number;
  readonly n: number;
}

/** Metric under which a client says its epochs; a run without it counts its steps as epochs, as training jobs do. */
const EPOCH_KEY = 'epoch';
/** A series of up to this many times its most points is sampled as it is; a longer one is thinned to its extremes first. */
const OVERSAMPLE = 4;

const X: Readonly<Record<Axis, string>> = {
  STEP: 'p.step::float8',
  TIME: 'p.ts::float8',
  EPOCH: 'coalesce(e.value, p.step::float8)',
};

/** Points of the runs and keys in the range: `$1` runs, `$2` keys, `$3` from, `$4` to, `$5` the key of epochs. */
function points(axis: Axis): string {
  const epochs =
    axis === 'EPOCH'
      ? 'left join lateral (select q.value from metric_point q where q.run = p.run and q.key = $5 and q.step = p.step order by q.ts desc limit 1) e on true'
      : '';
  return `select p.run, p.key, ${X[axis]} as x, p.value, p.step, p.ts from metric_point p ${epochs}
    where p.run = any($1) and p.key = any($2) and p.value <> 'NaN' and ${STANDING} and ${X[axis]} between $3 and $4 and $5::int is not null`;
}

const bounds = (axis: Axis) =>
  `select run, key, min(x) as lo, max(x) as hi, count(*)::int as n from (${points(axis)}) p group by run, key order by run, key`;

const whole = (axis: Axis) =>
  `select run, key, x, value, step::float8 as step, ts::float8 as timestamp from (${points(axis)}) p
    where (run, key) in (select * from unnest($6::int[], $7::int[])) order by run, key, x, p.ts`;

/** The lowest and the highest point of each of `$10` stretches of the axis. */
const extremes = (axis: Axis) =>
  `select run, key, min(array[value, x, step, ts]) as low, max(array[value, x, step, ts]) as high
    from (select p.*, least(floor((p.x - b.lo) / nullif(b.hi - b.lo, 0) * $10::float8), $10 - 1) as bucket from (${points(axis)}) p
      join unnest($6::int[], $7::int[], $8::float8[], $9::float8[]) as b(run, key, lo, hi) on b.run = p.run and b.key = p.key) p
    group by run, key, bucket order by run, key, bucket`;

/** Histories for charts: of many runs and metrics at once, each sampled to what a chart can show. */
@Injectable()
export class MetricSeries {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: MetricKeys,
  ) {}

  /** A series for each run and key that has points in the range, in order of run and key. */
  async read(workspaceId: string, query: SeriesQuery): Promise<Series[]> {
    const ids = await this.keys.ids(workspaceId, [...query.keys, EPOCH_KEY]);
    const wanted = query.keys.flatMap((name) => ids.get(name) ?? []);
    if (wanted.length === 0 || query.runs.length === 0) return [];
    const range = [query.from ?? Number.MIN_SAFE_INTEGER, query.to ?? Number.MAX_SAFE_INTEGER];
    const scope = [query.runs, wanted, ...range, ids.get(EPOCH_KEY) ?? -1];
    const found = await select<Bounds>(this.dataSource, bounds(query.axis), scope);
    const direct = query.sampling === 'LTTB' ? query.maxPoints * OVERSAMPLE : query.maxPoints;
    const short = await this.whole(
      query,
      scope,
      found.filter(({ n }) => n <= direct),
    );
    const long = await this.extremes(
      query,
      scope,
      found.filter(({ n }) => n > direct),
    );
    const names = await this.keys.names(wanted);
    return found.map(({ run, key, n }) => {
      const all = short.get(`${run} ${key}`) ?? long.get(`${run} ${key}`) ?? [];
      return { run, key: names.get(key)!, count: n, points: query.sampling === 'LTTB' ? lttb(all, query.maxPoints) : all };
    });
  }

  private async whole(
    { axis }: SeriesQuery,
    scope: readonly unknown[],
    of: readonly Bounds[],
  ): Promise<Map<string, SeriesPoint[]>> {
    const series = new Map<string, SeriesPoint[]>();
    if (of.length === 0) return series;
    const which = [of.map(({ run }) => run), of.map(({ key }) => key)];
    const rows = await select<SeriesPoint & { run: number; key: number }>(this.dataSource, whole(axis), [...scope, ...which]);
    for (const { run, key, ...point } of rows) push(series, `${run} ${key}`, point);
    return series;
  }

  private async extremes(
    { axis, sampling, maxPoints }: SeriesQuery,
    scope: readonly unknown[],
    of: readonly Bounds[],
  ): Promise<Map<string, SeriesPoint[]>> {
    const series = new Map<string, SeriesPoint[]>();
    if (of.length === 0) return series;
    const buckets = Math.max(1, Math.floor((sampling === 'LTTB' ? maxPoints * OVERSAMPLE : maxPoints) / 2));
    const which = [of.map(({ run }) => run), of.map(({ key }) => key), of.map(({ lo }) => lo), of.map(({ hi }) => hi), buckets];
    type Extreme = readonly [value: number, x: number, step: number, timestamp: number];
    const rows = await select<{ run: number; key: number; low: Extreme; high: Extreme }>(this.dataSource, extremes(axis), [
      ...scope,
      ...which,
    ]);
    for (const { run, key, low, high } of rows) {
      const pair = low[1] <= high[1] ? [low, high] : [high, low];
      const same = low[1] === high[1] && low[0] === high[0];
      for (const [value, x, step, timestamp] of same ? pair.slice(1) : pair)
        push(series, `${run} ${key}`, { x, value, step, timestamp });
    }
    return series;
  }
}

function push<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const group = groups.get(key);
  if (group) group.push(item);
  else groups.set(key, [item]);
}
