import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { DatasetEntity, DatasetVersionEntity } from './datasets.entities.js';

/** Writes and loads by transaction; the only writer of these tables. */
@Injectable()
export class DatasetsStore {
  async insertDataset(
    tx: Tx,
    row: Pick<DatasetEntity, 'id' | 'workspaceId' | 'project' | 'name' | 'description' | 'createdBy'>,
  ): Promise<boolean> {
    const rows = await tx.query(
      `insert into dataset (id, workspace_id, project, name, description, created_by) values ($1, $2, $3, $4, $5, $6)
       on conflict (workspace_id, name) do nothing returning 1`,
      [row.id, row.workspaceId, row.project, row.name, row.description, row.createdBy],
    );
    return rows.length > 0;
  }

  /** Locks the data set, so that its versions are numbered one after the other. */
  lockDataset(tx: Tx, workspaceId: string, id: string): Promise<DatasetEntity | null> {
    return tx.em.findOne(DatasetEntity, { where: { id, workspaceId }, lock: { mode: 'pessimistic_write' } });
  }

  newestVersion(tx: Tx, datasetId: string): Promise<DatasetVersionEntity | null> {
    return tx.em.findOne(DatasetVersionEntity, { where: { datasetId }, order: { number: 'DESC' } });
  }

  async newestParent(tx: Tx, datasetId: string): Promise<string | null> {
    const rows = await tx.query<{ id: string }>(
      "select id from dataset_version where dataset_id = $1 and state <> 'INVALID' order by number desc limit 1",
      [datasetId],
    );
    return rows[0]?.id ?? null;
  }

  async insertVersion(tx: Tx, row: Partial<DatasetVersionEntity>): Promise<void> {
    await tx.em.insert(DatasetVersionEntity, row as DatasetVersionEntity);
  }

  /** Compare-and-set from PENDING; null when the version has left it already. */
  async settleVersion(tx: Tx, id: string, patch: Partial<DatasetVersionEntity>): Promise<DatasetVersionEntity | null> {
    const { affected } = await tx.em.update(DatasetVersionEntity, { id, state: 'PENDING' }, patch as never);
    return affected ? tx.em.findOneByOrFail(DatasetVersionEntity, { id }) : null;
  }
}
