import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

/** An experiment as use cases see it. */
export interface ExperimentFacts {
  readonly id: string;
  readonly num: number;
  readonly number: number;
  readonly project: string;
  readonly name: string;
  readonly artifactLocation: string | null;
  readonly deleted: boolean;
}

const FACTS = `select id, num, number, project, name, artifact_location as "artifactLocation", deleted_at is not null as deleted from experiment`;

@Injectable()
export class ExperimentsStore {
  async byId(tx: Tx, workspaceId: string, id: string): Promise<ExperimentFacts | undefined> {
    return (await tx.query<ExperimentFacts>(`${FACTS} where workspace_id = $1 and id = $2`, [workspaceId, id]))[0];
  }

  async lock(tx: Tx, workspaceId: string, id: string): Promise<ExperimentFacts | undefined> {
    return (
      await tx.query<ExperimentFacts>(`${FACTS} where workspace_id = $1 and id = $2 for no key update`, [workspaceId, id])
    )[0];
  }

  async byName(tx: Tx, workspaceId: string, name: string): Promise<ExperimentFacts | undefined> {
    return (await tx.query<ExperimentFacts>(`${FACTS} where workspace_id = $1 and name = $2`, [workspaceId, name]))[0];
  }

  /**
   * Adds an experiment under the number given, or the workspace's next one; answers its `num` and number, or undefined when its name or number is taken: then
   * the transaction that goes on has used up no number, unless somebody took the name in this moment. Until its end nobody else numbers or names an experiment
   * there.
   */
  async insert(
    tx: Tx,
    row: {
      id: string;
      workspaceId: string;
      project: string;
      name: string;
      createdBy: string;
      artifactLocation: string | null;
      number?: number;
    },
  ): Promise<{ num: number; number: number } | undefined> {
    const [made] = await tx.query<{ num: number; number: number }>(
      `with counter as (insert into experiment_counter (workspace_id, last_number)
          select $2, case when $7::int is null then 1 else 0 end where not exists (select 1 from experiment where workspace_id = $2 and name = $4)
          on conflict (workspace_id) do update set last_number = experiment_counter.last_number + excluded.last_number returning last_number)
       insert into experiment (id, workspace_id, project, name, created_by, artifact_location, number)
         select $1, $2, $3, $4, $5, $6, coalesce($7, last_number) from counter on conflict do nothing returning num, number`,
      [row.id, row.workspaceId, row.project, row.name, row.createdBy, row.artifactLocation, row.number ?? null],
    );
    return made;
  }

  /** Until the end of the transaction nobody else numbers or names an experiment of the workspace. */
  async lockNames(tx: Tx, workspaceId: string): Promise<void> {
    await tx.query(
      `insert into experiment_counter (workspace_id) values ($1) on conflict (workspace_id) do update set last_number = experiment_counter.last_number`,
      [workspaceId],
    );
  }

  /** False when the name is taken. */
  async rename(tx: Tx, id: string, workspaceId: string, name: string): Promise<boolean> {
    const rows = await tx.query(
      `update experiment set name = $3, updated_at = clock_timestamp() where id = $1
        and not exists (select 1 from experiment o where o.workspace_id = $2 and o.name = $3 and o.id <> $1) returning 1`,
      [id, workspaceId, name],
    );
    return rows.length > 0;
  }

  /** Marks an experiment and its runs deleted, at one time, so that restoring brings back those runs and no others. */
  async markDeleted(tx: Tx, id: string): Promise<void> {
    await tx.query('update experiment set deleted_at = now(), updated_at = now() where id = $1', [id]);
    await tx.query('update run set deleted_at = now() where experiment_id = $1 and deleted_at is null', [id]);
  }

  async restore(tx: Tx, id: string): Promise<void> {
    await tx.query(
      'update run r set deleted_at = null from experiment e where e.id = $1 and r.experiment_id = e.id and r.deleted_at = e.deleted_at',
      [id],
    );
    await tx.query('update experiment set deleted_at = null, updated_at = now() where id = $1', [id]);
  }

  async move(tx: Tx, id: string, project: string): Promise<void> {
    await tx.query('update experiment set project = $2 where id = $1', [id, project]);
  }

  async setArchived(tx: Tx, id: string, archived: boolean): Promise<void> {
    await tx.query('update experiment set archived_at = case when $2 then clock_timestamp() end where id = $1', [id, archived]);
  }

  async touch(tx: Tx, id: string): Promise<void> {
    await tx.query('update experiment set updated_at = clock_timestamp() where id = $1', [id]);
  }

  async deleteTag(tx: Tx, id: string, key: string): Promise<boolean> {
    const rows = await tx.query('delete from experiment_tag where experiment_id = $1 and key = $2 returning 1', [id, key]);
    return rows.length > 0;
  }
}
