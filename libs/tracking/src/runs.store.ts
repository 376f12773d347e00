import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { RunStatus } from './model/run.js';

/** A run as use cases see it, with what its experiment says of rights and life. */
export interface RunFacts {
  readonly id: string;
  readonly num: number;
  readonly experimentId: string;
  readonly experiment: number;
  readonly project: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly jobId: string | null;
  readonly deleted: boolean;
  /** How often it has gone on after an end. */
  readonly resumes: number;
}

/**
 * How the row of a run is held. Writers of what hangs on it hold it by `key share`, and do not wait for each other; a change of the row takes `no key
 * update`; the end of the run takes `update`, which waits for all writers: whoever writes later sees that it has ended, and raises its revision.
 */
type Hold = 'key share' | 'no key update' | 'update';

const FACTS = `select r.id, r.num, r.experiment_id as "experimentId", r.experiment, e.project, r.name, r.status, r.job_id as "jobId", r.resumes,
  r.deleted_at is not null or e.deleted_at is not null as deleted from run r join experiment e on e.id = r.experiment_id
  where r.workspace_id = $1 and r.id = $2`;

export interface RunRowIn {
  readonly id: string;
  readonly workspaceId: string;
  readonly experimentId: string;
  readonly experiment: number;
  readonly name: string;
  readonly jobId: string | null;
  readonly userName: string;
  readonly parentId: string | null;
  readonly startedAt: Date | null;
  readonly createdBy: string;
}

export interface LoggedCounts {
  readonly points: number;
  readonly params: number;
  readonly tags: number;
  readonly artifacts: number;
}

/** The end of a run must not wait for the counting of tens of millions. */
const COUNTS = `select (select count(*)::int from (select 1 from metric_point where run = $1 limit 1000000) p) as points,
  (select count(*)::int from run_param where run = $1) as params, (select count(*)::int from run_tag where run = $1) as tags,
  (select count(*)::int from artifact where owner_id = $2) as artifacts`;

@Injectable()
export class RunsStore {
  /** The run, held to the end of the transaction. */
  async hold(tx: Tx, workspaceId: string, id: string, how: Hold): Promise<RunFacts | undefined> {
    return (await tx.query<RunFacts>(`${FACTS} for ${how} of r`, [workspaceId, id]))[0];
  }

  /** What hangs on a run that has ended is about to change. */
  async revise(tx: Tx, id: string): Promise<void> {
    await tx.query('update run set revision = revision + 1 where id = $1', [id]);
  }

  /** Answers the run's number. */
  async insert(tx: Tx, row: RunRowIn): Promise<number> {
    const [made] = await tx.query<{ num: number }>(
      `insert into run (id, workspace_id, experiment_id, experiment, name, status, job_id, user_name, parent_id, started_at, created_by)
       values ($1, $2, $3, $4, $5, 'RUNNING', $6, $7, $8, coalesce($9, date_trunc('milliseconds', clock_timestamp())), $10) returning num`,
      [
        row.id,
        row.workspaceId,
        row.experimentId,
        row.experiment,
        row.name,
        row.jobId,
        row.userName,
        row.parentId,
        row.startedAt,
        row.createdBy,
      ],
    );
    return made!.num;
  }

  /** Changes what is given; the end of a run is `endedAt`, or now when it ends without one, and needs it held by `update`. A run that goes on has no end. */
  async update(
    tx: Tx,
    id: string,
    patch: {
      status?: RunStatus;
      ended?: boolean;
      resumed?: boolean;
      endedAt?: Date;
      name?: string;
      parentId?: string | null;
      archived?: boolean;
    },
  ): Promise<void> {
    await tx.query(
      `update run set status = coalesce($2, status), name = coalesce($3, name), parent_id = case when $8 then $4 else parent_id end,
        ended_at = case when $5::timestamptz is not null then $5 when $6 then date_trunc('milliseconds', clock_timestamp()) when $2 is not null then null else ended_at end,
        archived_at = case $7::boolean when true then clock_timestamp() when false then null else archived_at end,
        revision = revision + case when $6 then 1 else 0 end, resumes = resumes + case when $9 then 1 else 0 end where id = $1`,
      [
        id,
        patch.status ?? null,
        patch.name ?? null,
        patch.parentId ?? null,
        patch.endedAt ?? null,
        patch.ended ?? false,
        patch.archived ?? null,
        patch.parentId !== undefined,
        patch.resumed ?? false,
      ],
    );
  }

  /** How much was logged of a run; points are counted up to a million. */
  async counts(tx: Tx, { id, num }: Pick<RunFacts, 'id' | 'num'>): Promise<LoggedCounts> {
    const [counts] = await tx.query<LoggedCounts>(COUNTS, [num, id]);
    return counts!;
  }

  async setDeleted(tx: Tx, id: string, deleted: boolean): Promise<void> {
    await tx.query('update run set deleted_at = case when $2 then clock_timestamp() end where id = $1', [id, deleted]);
  }

  /** Drops a client's points after a step and brings the latest values back to what is left; answers how many points went. */
  async rewind(tx: Tx, run: number, step: number): Promise<number> {
    const [gone] = await tx.query<{ n: number }>(
      `with gone as (delete from metric_point where run = $1 and step > $2 and source = 0 returning 1) select count(*)::int as n from gone`,
      [run, step],
    );
    await tx.query('delete from metric_latest where run = $1 and source = 0 and step > $2', [run, step]);
    await tx.query(
      `insert into metric_latest (run, key, source, experiment, step, ts, value)
       select distinct on (p.key) p.run, p.key, p.source, r.experiment, p.step, p.ts, p.value from metric_point p join run r on r.num = p.run
        where p.run = $1 and p.source = 0 order by p.key, p.step desc, p.ts desc, p.value desc on conflict do nothing`,
      [run],
    );
    return gone!.n;
  }

  async addInputs(tx: Tx, runId: string, versionIds: readonly string[]): Promise<void> {
    if (versionIds.length === 0) return;
    await tx.query('insert into run_input (run_id, dataset_version_id) select $1, unnest($2::text[]) on conflict do nothing', [
      runId,
      versionIds,
    ]);
  }

  /** Writes what is not there yet; answers the params whose stored value differs: a param is written once. */
  async addParams(
    tx: Tx,
    run: number,
    params: Readonly<Record<string, string>>,
  ): Promise<{ key: string; old: string; given: string }[]> {
    const keys = Object.keys(params).sort();
    if (keys.length === 0) return [];
    const values = keys.map((key) => params[key]);
    const added = await tx.query(
      'insert into run_param (run, key, value) select $1, k, v from unnest($2::text[], $3::text[]) as u(k, v) on conflict do nothing returning 1',
      [run, keys, values],
    );
    if (added.length === keys.length) return [];
    return tx.query(
      `select p.key, p.value as old, u.v as given from run_param p join unnest($2::text[], $3::text[]) as u(k, v) on u.k = p.key
        where p.run = $1 and p.value <> u.v order by p.key`,
      [run, keys, values],
    );
  }

  async tag(tx: Tx, run: number, key: string): Promise<string | undefined> {
    return (await tx.query<{ value: string }>('select value from run_tag where run = $1 and key = $2', [run, key]))[0]?.value;
  }

  async deleteTag(tx: Tx, run: number, key: string): Promise<boolean> {
    return (await tx.query('delete from run_tag where run = $1 and key = $2 returning 1', [run, key])).length > 0;
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
