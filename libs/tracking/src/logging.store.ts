import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { MAX_LINE, STREAMS, type LogLine } from './model/log-line.js';
import { SOURCES, type Point, type Source } from './model/run.js';
import type { RunFacts } from './runs.store.js';
import { MetricKeys } from './search/metric-keys.view.js';

/**
 * One statement writes a batch: its points, and the latest value of each key where the new one is later. Both in the order of their keys, so that
 * two batches that overlap cannot wait for each other in a circle.
 */
const INGEST = `with x as (select $1::int as run, $2::smallint as source, $3::smallint as attempt, u.* from unnest($5::int[], $6::bigint[], $7::bigint[], $8::float8[]) as u(key, step, ts, value)),
  points as (insert into metric_point (run, key, ts, step, value, source, attempt) select run, key, ts, step, value, source, attempt from x order by key, ts, step, value on conflict do nothing)
  insert into metric_latest (run, key, source, experiment, step, ts, value)
    select distinct on (key) run, key, source, $4::int, step, ts, value from x order by key, step desc, ts desc, value desc
    on conflict (run, key, source) do update set step = excluded.step, ts = excluded.ts, value = excluded.value
      where (excluded.step, excluded.ts, excluded.value) > (metric_latest.step, metric_latest.ts, metric_latest.value)`;

/** The usual call: one point of a client. */
const INGEST_ONE = `with points as (insert into metric_point (run, key, ts, step, value, source, attempt) values ($1::int, $2::int, $3::bigint, $4::bigint, $5::float8, $6::smallint, $7::smallint) on conflict do nothing)
  insert into metric_latest (run, key, source, experiment, step, ts, value) values ($1, $2, $6, $8::int, $4, $3, $5)
    on conflict (run, key, source) do update set step = excluded.step, ts = excluded.ts, value = excluded.value
      where (excluded.step, excluded.ts, excluded.value) > (metric_latest.step, metric_latest.ts, metric_latest.value)`;

const MODEL_METRICS = `insert into logged_model_metric (model_id, key, run, dataset_name, dataset_digest, ts, step, value)
  select model, key, $1::int, dataset, digest, ts, step, value
    from unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::float8[]) as u(model, key, dataset, digest, ts, step, value)
    join logged_model m on m.id = u.model and m.workspace_id = $9 order by model, key, ts, step, value, dataset, digest on conflict do nothing`;

@Injectable()
export class LoggingStore {
  constructor(private readonly keys: MetricKeys) {}

  /** Ids of metric names; unknown names are added (sorted, so that two writers cannot deadlock). */
  async internKeys(tx: Tx, workspaceId: string, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const ids = this.keys.known(workspaceId, names);
    const missing = [...new Set(names)].filter((name) => !ids.has(name)).sort();
    if (missing.length === 0) return ids;
    const find = () =>
      tx.query<{ id: number; name: string }>('select id, name from metric_key where workspace_id = $1 and name = any($2)', [
        workspaceId,
        missing,
      ]);
    let rows = await find();
    if (rows.length < missing.length) {
      await tx.query('insert into metric_key (workspace_id, name) select $1, unnest($2::text[]) on conflict do nothing', [
        workspaceId,
        missing,
      ]);
      rows = await find();
    }
    tx.afterCommit(async () => this.keys.remember(workspaceId, rows));
    for (const { id, name } of rows) ids.set(name, id);
    return ids;
  }

  async ingest(
    tx: Tx,
    run: RunFacts,
    source: Source,
    attempt: number,
    ids: ReadonlyMap<string, number>,
    points: readonly Point[],
  ): Promise<void> {
    if (points.length === 1) {
      const { key, timestamp, step, value } = points[0]!;
      await tx.query(INGEST_ONE, [run.num, ids.get(key), timestamp, step, value, SOURCES[source], attempt, run.experiment]);
      return;
    }
    await tx.query(INGEST, [
      run.num,
      SOURCES[source],
      attempt,
      run.experiment,
      points.map((p) => ids.get(p.key)),
      points.map((p) => p.step),
      points.map((p) => p.timestamp),
      points.map((p) => p.value),
    ]);
  }

  /** Points that name a model; models of other workspaces are left out. */
  async modelMetrics(
    tx: Tx,
    workspaceId: string,
    run: number,
    ids: ReadonlyMap<string, number>,
    points: readonly Point[],
  ): Promise<void> {
    await tx.query(MODEL_METRICS, [
      run,
      points.map((p) => p.modelId),
      points.map((p) => ids.get(p.key)),
      points.map((p) => p.datasetName ?? ''),
      points.map((p) => p.datasetDigest ?? ''),
      points.map((p) => p.timestamp),
      points.map((p) => p.step),
      points.map((p) => p.value),
      workspaceId,
    ]);
  }

  /** Latest values of a run, whoever logged them. */
  async latest(tx: Tx, run: number): Promise<[key: string, value: number][]> {
    const rows = await tx.query<{ name: string; value: number }>(
      'select k.name, l.value from metric_latest l join metric_key k on k.id = l.key where l.run = $1 order by l.source',
      [run],
    );
    return rows.map(({ name, value }) => [name, value]);
  }

  /** True at most once a second per run: then the coalesced event may be said. */
  async mayAnnounceMetrics(tx: Tx, runId: string): Promise<boolean> {
    const rows = await tx.query(
      "update run set metrics_said_at = clock_timestamp() where id = $1 and metrics_said_at < clock_timestamp() - interval '950 milliseconds' returning 1",
      [runId],
    );
    return rows.length > 0;
  }

  /** Lines of one writer; those that are there already stay. */
  async addLines(tx: Tx, run: number, attempt: number, lines: readonly LogLine[]): Promise<void> {
    const sorted = [...lines].sort((a, b) => a.n - b.n);
    await tx.query(
      `insert into run_log (run, attempt, n, at, stream, line)
       select $1, $2, n, at, stream, line from unnest($3::bigint[], $4::timestamptz[], $5::smallint[], $6::text[]) as u(n, at, stream, line) on conflict do nothing`,
      [
        run,
        attempt,
        sorted.map((line) => line.n),
        sorted.map((line) => new Date(line.at)),
        sorted.map((line) => STREAMS.indexOf(line.stream)),
        sorted.map((line) => line.text.slice(0, MAX_LINE).replaceAll('\u0000', '\ufffd')),
      ],
    );
  }

  /** The count of a writer's next line. */
  async nextLine(tx: Tx, run: number, attempt: number): Promise<number> {
    const [row] = await tx.query<{ n: string }>(
      'select coalesce(max(n) + 1, 0) as n from run_log where run = $1 and attempt = $2',
      [run, attempt],
    );
    return Number(row!.n);
  }

  /** Describes data sets of a run: a data set is known by experiment, name and digest, and described once, with the tags of the first time. */
  async addDatasets(
    tx: Tx,
    run: RunFacts,
    datasets: readonly {
      id: string;
      name: string;
      digest: string;
      sourceType: string;
      source: string;
      schema: string | null;
      profile: string | null;
      tags: Readonly<Record<string, string>>;
    }[],
  ): Promise<void> {
    const sorted = [...datasets].sort((a, b) => (a.name + a.digest < b.name + b.digest ? -1 : 1));
    for (const set of sorted) {
      await tx.query(
        `insert into logged_dataset (id, experiment_id, name, digest, source_type, source, schema, profile) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (experiment_id, name, digest) do nothing`,
        [set.id, run.experimentId, set.name, set.digest, set.sourceType, set.source, set.schema, set.profile],
      );
      await tx.query(
        `insert into run_dataset (run, dataset_id, tags) select $1, id, $5::jsonb from logged_dataset where experiment_id = $2 and name = $3 and digest = $4
         on conflict (run, dataset_id) do nothing`,
        [run.num, run.experimentId, set.name, set.digest, JSON.stringify(set.tags)],
      );
    }
  }

  /** Links models that a run used or made; answers the ids that the workspace does not have. */
  async addModels(
    tx: Tx,
    workspaceId: string,
    run: number,
    direction: 'input' | 'output',
    models: readonly { modelId: string; step: number }[],
  ): Promise<string[]> {
    const ids = models.map((model) => model.modelId);
    const known = await tx.query<{ model_id: string }>(
      `insert into run_model (run, model_id, direction, step)
       select $1, m.id, $2, max(u.step) from unnest($3::text[], $4::bigint[]) as u(id, step) join logged_model m on m.id = u.id and m.workspace_id = $5
        group by m.id order by m.id on conflict (run, model_id, direction) do update set step = excluded.step returning model_id`,
      [run, direction, ids, models.map((model) => model.step), workspaceId],
    );
    const found = new Set(known.map((row) => row.model_id));
    return ids.filter((id) => !found.has(id));
  }
}
