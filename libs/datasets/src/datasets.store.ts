import { Injectable } from '@nestjs/common';
import type { DriftReport } from '#contracts';
import type { Tx } from '#database';
import { DatasetComparisonEntity, DatasetEntity, DatasetVersionEntity } from './datasets.entities.js';

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
      "select id from dataset_version where dataset_id = $1 and state not in ('INVALID', 'RETRACTED') order by number desc limit 1",
      [datasetId],
    );
    return rows[0]?.id ?? null;
  }

  async insertVersion(tx: Tx, row: Partial<DatasetVersionEntity>): Promise<void> {
    await tx.em.insert(DatasetVersionEntity, row as DatasetVersionEntity);
  }

  async versionWithProject(
    tx: Tx,
    workspaceId: string,
    id: string,
  ): Promise<{ version: DatasetVersionEntity; project: string } | null> {
    const version = await tx.em.findOneBy(DatasetVersionEntity, { id, workspaceId });
    const dataset = version && (await tx.em.findOneBy(DatasetEntity, { id: version.datasetId }));
    return version && dataset ? { version, project: dataset.project } : null;
  }

  isCompared(tx: Tx, versionId: string, againstId: string): Promise<boolean> {
    return tx.em.existsBy(DatasetComparisonEntity, { versionId, againstId });
  }

  /** The version, with the report in its profile when it is about its parent; null when the pair has a report already. */
  async insertComparison(
    tx: Tx,
    workspaceId: string,
    versionId: string,
    report: DriftReport,
  ): Promise<DatasetVersionEntity | null> {
    const rows = await tx.query(
      `insert into dataset_comparison (version_id, against_id, workspace_id, report) values ($1, $2, $3, $4) on conflict do nothing returning 1`,
      [versionId, report.against, workspaceId, JSON.stringify(report)],
    );
    if (rows.length === 0) return null;
    await tx.query(
      `update dataset_version set profile = jsonb_set(profile, '{drift}', $3::jsonb) where id = $1 and parent_id = $2 and profile is not null`,
      [versionId, report.against, JSON.stringify(report)],
    );
    return tx.em.findOneByOrFail(DatasetVersionEntity, { id: versionId });
  }

  /** The newest RETRACTED version of that content. */
  retractedWith(tx: Tx, datasetId: string, blob: string): Promise<DatasetVersionEntity | null> {
    return tx.em.findOne(DatasetVersionEntity, { where: { datasetId, blob, state: 'RETRACTED' }, order: { number: 'DESC' } });
  }

  /** Compare-and-set from VALIDATED; false when the version is in another state. */
  async retract(tx: Tx, id: string, reason: string): Promise<boolean> {
    const { affected } = await tx.em.update(DatasetVersionEntity, { id, state: 'VALIDATED' }, { state: 'RETRACTED', reason });
    return affected === 1;
  }

  /** Compare-and-set from PENDING; null when the version has left it already. */
  async settleVersion(tx: Tx, id: string, patch: Partial<DatasetVersionEntity>): Promise<DatasetVersionEntity | null> {
    const { affected } = await tx.em.update(DatasetVersionEntity, { id, state: 'PENDING' }, patch as never);
    return affected ? tx.em.findOneByOrFail(DatasetVersionEntity, { id }) : null;
  }
}
