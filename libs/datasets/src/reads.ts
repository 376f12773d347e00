import { Injectable, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Column } from '#contracts';
import { DatasetVersionEntity } from './datasets.entities.js';
import type { DatasetFormat, DatasetVersionState } from './model/dataset-version.js';

/** A version as other domains may know it. */
export interface VersionFacts {
  readonly id: string;
  readonly datasetId: string;
  readonly number: number;
  readonly state: DatasetVersionState;
  readonly parentId: string | null;
  readonly blob: string;
  readonly format: DatasetFormat;
  readonly table: { readonly sha256: string; readonly size: number } | null;
  readonly columns: readonly Column[] | null;
}

@Injectable()
export class DatasetReads {
  constructor(private readonly dataSource: DataSource) {}

  async version(workspaceId: string, id: string): Promise<VersionFacts | undefined> {
    const row = await this.dataSource.getRepository(DatasetVersionEntity).findOneBy({ workspaceId, id });
    return row ? toFacts(row) : undefined;
  }

  /** Newest VALIDATED version of a data set. */
  async newestValid(workspaceId: string, datasetId: string): Promise<VersionFacts | undefined> {
    const row = await this.dataSource
      .getRepository(DatasetVersionEntity)
      .findOne({ where: { workspaceId, datasetId, state: 'VALIDATED' }, order: { number: 'DESC' } });
    return row ? toFacts(row) : undefined;
  }
}

function toFacts(row: DatasetVersionEntity): VersionFacts {
  const table = row.tableBlob ? { sha256: row.tableBlob, size: Number(row.tableSize) } : null;
  return {
    id: row.id,
    datasetId: row.datasetId,
    number: row.number,
    state: row.state,
    parentId: row.parentId,
    blob: row.blob,
    format: row.format,
    table,
    columns: row.columns,
  };
}

@Module({ providers: [DatasetReads], exports: [DatasetReads] })
export class DatasetReadsModule {}
