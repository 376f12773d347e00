import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { WINDOW } from './model/metric-rules.js';

/** The value that an event told, and those before it, oldest first. */
export interface MetricValues {
  readonly now: number;
  readonly before: readonly number[];
}

/** The last values of metrics that some trigger watches, by run and key: the newest, and a window of those before it. */
@Injectable()
export class MetricWindowsStore {
  /** Takes the new values in and answers each key's window. An event that was taken in before changes nothing. */
  async push(
    tx: Tx,
    runId: string,
    sequence: string,
    values: Readonly<Record<string, number>>,
  ): Promise<Map<string, MetricValues>> {
    const keys = Object.keys(values);
    if (keys.length === 0) return new Map();
    const rows = await tx.query<{ key: string; points: number[] }>(
      `insert into metric_window as w (run_id, key, points, sequence) select $1, v.key, array[v.value], $4 from unnest($2::text[], $3::float8[]) as v(key, value)
       on conflict (run_id, key) do update set updated_at = now(), sequence = greatest(w.sequence, excluded.sequence),
         points = case when w.sequence < excluded.sequence then (w.points || excluded.points)[greatest(cardinality(w.points) - ${WINDOW - 1}, 1):] else w.points end
       returning key, points`,
      [runId, keys, keys.map((key) => values[key]), sequence],
    );
    return new Map(rows.map(({ key, points }) => [key, { now: values[key]!, before: points.slice(0, -1) }]));
  }
}
