import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { LoggedModelStatus } from './model/logged-model.js';

/** A logged model as use cases see it, with the project of its experiment. */
export interface LoggedModelFacts {
  readonly id: string;
  readonly experimentId: string;
  readonly project: string;
  readonly status: LoggedModelStatus;
  readonly deleted: boolean;
}

@Injectable()
export class LoggedModelsStore {
  async lock(tx: Tx, workspaceId: string, id: string): Promise<LoggedModelFacts | undefined> {
    const [row] = await tx.query<LoggedModelFacts>(
      `select m.id, m.experiment_id as "experimentId", e.project, m.status, m.deleted_at is not null as deleted from logged_model m
         join experiment e on e.id = m.experiment_id where m.workspace_id = $1 and m.id = $2 for no key update of m`,
      [workspaceId, id],
    );
    return row;
  }

  async insert(
    tx: Tx,
    row: {
      id: string;
      workspaceId: string;
      experimentId: string;
      name: string;
      modelType: string | null;
      sourceRunId: string | null;
      createdBy: string;
    },
  ): Promise<void> {
    await tx.query(
      `insert into logged_model (id, workspace_id, experiment_id, name, model_type, source_run_id, status, created_by)
       values ($1, $2, $3, $4, $5, $6, 'PENDING', $7)`,
      [row.id, row.workspaceId, row.experimentId, row.name, row.modelType, row.sourceRunId, row.createdBy],
    );
  }

  /** Compare-and-set on the status. */
  async setStatus(tx: Tx, id: string, from: readonly LoggedModelStatus[], to: LoggedModelStatus): Promise<boolean> {
    const rows = await tx.query(
      'update logged_model set status = $2, updated_at = clock_timestamp() where id = $1 and status = any($3) returning 1',
      [id, to, from],
    );
    return rows.length > 0;
  }

  async touch(tx: Tx, id: string): Promise<void> {
    await tx.query('update logged_model set updated_at = clock_timestamp() where id = $1', [id]);
  }

  async markDeleted(tx: Tx, id: string): Promise<void> {
    await tx.query('update logged_model set deleted_at = clock_timestamp() where id = $1', [id]);
  }

  async tag(tx: Tx, id: string, key: string): Promise<string | undefined> {
    const rows = await tx.query<{ value: string }>('select value from logged_model_tag where model_id = $1 and key = $2', [
      id,
      key,
    ]);
    return rows[0]?.value;
  }

  async deleteTag(tx: Tx, id: string, key: string): Promise<boolean> {
    return (await tx.query('delete from logged_model_tag where model_id = $1 and key = $2 returning 1', [id, key])).length > 0;
  }
}
