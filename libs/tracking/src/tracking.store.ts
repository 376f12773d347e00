import { Injectable } from '@nestjs/common';
import { SOURCES, type Point, type RunStatus, type Source } from './model/run.js';
import type { Tx } from '#database';
import { ExperimentEntity, RunEntity } from './tracking.entities.js';

/** One statement writes a batch: its points, and the latest value of each key where the new one is later. */
const INGEST = `with x as (select $1::bigint as run, $2::smallint as source, $3::int as attempt, u.* from unnest($4::int[], $5::bigint[], $6::bigint[], $7::float8[]) as u(key, step, ts, value)),
  points as (insert into metric_point (run, key, source, attempt, step, ts, value) select run, key, source, attempt, step, ts, value from x on conflict do nothing)
  insert into metric_latest (run, key, source, step, ts, value)
    select distinct on (key) run, key, source, step, ts, value from x order by key, step desc, ts desc, value desc
    on conflict (run, key, source) do update set step = excluded.step, ts = excluded.ts, value = excluded.value
      where (excluded.step, excluded.ts, excluded.value) > (metric_latest.step, metric_latest.ts, metric_latest.value)`;

@Injectable()
export class TrackingStore {
  async ensureExperiment(
    tx: Tx,
    row: Pick<ExperimentEntity, 'id' | 'workspaceId' | 'project' | 'name' | 'createdBy'>,
  ): Promise<{ id: string; created: boolean }> {
    const rows = await tx.query<{ id: string }>(
      `insert into experiment (id, workspace_id, project, name, created_by) values ($1, $2, $3, $4, $5) on conflict (workspace_id, name) do nothing returning id`,
      [row.id, row.workspaceId, row.project, row.name, row.createdBy],
    );
    if (rows.length > 0) return { id: row.id, created: true };
    const existing = await tx.em.findOneByOrFail(ExperimentEntity, { workspaceId: row.workspaceId, name: row.name });
    return { id: existing.id, created: false };
  }

  experiment(tx: Tx, workspaceId: string, id: string): Promise<ExperimentEntity | null> {
    return tx.em.findOneBy(ExperimentEntity, { workspaceId, id });
  }

  async insertRun(
    tx: Tx,
    row: Pick<RunEntity, 'id' | 'workspaceId' | 'experimentId' | 'name' | 'jobId' | 'createdBy'>,
  ): Promise<void> {
    await tx.query(
      `insert into run (id, workspace_id, experiment_id, name, status, job_id, created_by) values ($1, $2, $3, $4, 'RUNNING', $5, $6)`,
      [row.id, row.workspaceId, row.experimentId, row.name, row.jobId, row.createdBy],
    );
  }

  /** Holds the run's row against being deleted or ended by another writer while it is written to. */
  lockRun(tx: Tx, workspaceId: string, id: string): Promise<RunEntity | null> {
    return tx.em.findOne(RunEntity, { where: { workspaceId, id }, lock: { mode: 'pessimistic_write' } });
  }

  async setStatus(tx: Tx, id: string, from: readonly RunStatus[], to: RunStatus): Promise<boolean> {
    const rows = await tx.query(
      'update run set status = $3, ended_at = clock_timestamp() where id = $1 and status = any($2) returning 1',
      [id, from, to],
    );
    return rows.length > 0;
  }

  async addInputs(tx: Tx, runId: string, versionIds: readonly string[]): Promise<void> {
    await tx.query('insert into run_input (run_id, dataset_version_id) select $1, unnest($2::text[]) on conflict do nothing', [
      runId,
      versionIds,
    ]);
  }

  /** Answers the keys whose stored value differs: a parameter is written once. */
  async addParams(tx: Tx, runId: string, params: Readonly<Record<string, string>>): Promise<string[]> {
    const [keys, values] = [Object.keys(params), Object.values(params)];
    await tx.query(
      'insert into run_param (run_id, key, value) select $1, k, v from unnest($2::text[], $3::text[]) as u(k, v) on conflict do nothing',
      [runId, keys, values],
    );
    const rows = await tx.query<{ key: string }>(
      'select p.key from run_param p join unnest($2::text[], $3::text[]) as u(k, v) on u.k = p.key where p.run_id = $1 and p.value <> u.v',
      [runId, keys, values],
    );
    return rows.map((row) => row.key);
  }

  async setTags(tx: Tx, runId: string, tags: Readonly<Record<string, string>>): Promise<void> {
    await tx.query(
      `insert into run_tag (run_id, key, value) select $1, k, v from unnest($2::text[], $3::text[]) as u(k, v)
       on conflict (run_id, key) do update set value = excluded.value`,
      [runId, Object.keys(tags), Object.values(tags)],
    );
  }

  async addArtifact(tx: Tx, runId: string, path: string, blob: string, size: number): Promise<void> {
    await tx.query(
      `insert into run_artifact (run_id, path, blob, size) values ($1, $2, $3, $4)
       on conflict (run_id, path) do update set blob = excluded.blob, size = excluded.size, created_at = now()`,
      [runId, path, blob, size],
    );
  }

  /** Ids of metric names; unknown names are added (sorted, so that two writers cannot deadlock). */
  async internKeys(tx: Tx, workspaceId: string, names: readonly string[]): Promise<Map<string, number>> {
    const sorted = [...new Set(names)].sort();
    const find = () =>
      tx.query<{ id: number; name: string }>('select id, name from metric_key where workspace_id = $1 and name = any($2)', [
        workspaceId,
        sorted,
      ]);
    let rows = await find();
    if (rows.length < sorted.length) {
      await tx.query('insert into metric_key (workspace_id, name) select $1, unnest($2::text[]) on conflict do nothing', [
        workspaceId,
        sorted,
      ]);
      rows = await find();
    }
    return new Map(rows.map((row) => [row.name, row.id]));
  }

  async ingest(
    tx: Tx,
    run: string,
    source: Source,
    attempt: number,
    keys: ReadonlyMap<string, number>,
    points: readonly Point[],
  ): Promise<void> {
    await tx.query(INGEST, [
      run,
      SOURCES[source],
      attempt,
      points.map((p) => keys.get(p.key)),
      points.map((p) => p.step),
      points.map((p) => p.timestamp),
      points.map((p) => p.value),
    ]);
  }

  /** True at most once a second per run: then the coalesced event may be said. */
  async mayAnnounceMetrics(tx: Tx, runId: string): Promise<boolean> {
    const rows = await tx.query(
      "update run set metrics_said_at = clock_timestamp() where id = $1 and metrics_said_at < clock_timestamp() - interval '1 second' returning 1",
      [runId],
    );
    return rows.length > 0;
  }

  /** RUNNING runs that sent a heartbeat once, but none for so long. */
  async silent(tx: Tx, seconds: number): Promise<{ id: string; workspaceId: string }[]> {
    return tx.query(
      `select id, workspace_id as "workspaceId" from run where status = 'RUNNING' and heartbeat_at < clock_timestamp() - make_interval(secs => $1)
        order by id limit 100 for update skip locked`,
      [seconds],
    );
  }

  async beat(tx: Tx, id: string): Promise<boolean> {
    const rows = await tx.query(
      "update run set heartbeat_at = clock_timestamp() where id = $1 and status = 'RUNNING' returning 1",
      [id],
    );
    return rows.length > 0;
  }
}
