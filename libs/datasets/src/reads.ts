import { Injectable, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Column } from '#contracts';
import { DatasetEntity, DatasetVersionEntity } from './datasets.entities.js';
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

export interface DataSheetFacts {
  readonly id: string;
  readonly dataset: string;
  readonly number: number;
  readonly state: DatasetVersionState;
  readonly rows: number | null;
  readonly columns: number | null;
  /** Of the uploaded file. */
  readonly sha256: string;
}

@Injectable()
export class DatasetReads {
  constructor(private readonly dataSource: DataSource) {}

  async version(workspaceId: string, id: string): Promise<VersionFacts | undefined> {
    const row = await this.dataSource.getRepository(DatasetVersionEntity).findOneBy({ workspaceId, id });
    return row ? toFacts(row) : undefined;
  }

  /** VALIDATED versions whose parent is this one. */
  async children(workspaceId: string, parentId: string): Promise<VersionFacts[]> {
    const where = { workspaceId, parentId, state: 'VALIDATED' as const };
    return (await this.dataSource.getRepository(DatasetVersionEntity).findBy(where)).map(toFacts);
  }

  /** A version as a model card tells of it; null for one that is not here. */
  async sheet(workspaceId: string, id: string): Promise<DataSheetFacts | null> {
    const row = await this.dataSource.getRepository(DatasetVersionEntity).findOneBy({ workspaceId, id });
    const dataset = row && (await this.dataSource.getRepository(DatasetEntity).findOneBy({ id: row.datasetId }));
    if (!row || !dataset) return null;
    const { number, state, blob, profile, columns } = row;
    return {
      id,
      dataset: dataset.name,
      number,
      state,
      rows: profile?.rows ?? null,
      columns: columns?.length ?? null,
      sha256: blob,
    };
  }

  /** What conditions may ask about a version: its data set, its state, and the figures of its drift where its profile has them. */
  async figures(workspaceId: string, id: string): Promise<Record<string, string | number> | undefined> {
    const row = await this.dataSource.getRepository(DatasetVersionEntity).findOneBy({ workspaceId, id });
    const dataset = row && (await this.dataSource.getRepository(DatasetEntity).findOneBy({ workspaceId, id: row.datasetId }));
    if (!dataset) return undefined;
    const { number, state, profile } = row;
    const drift = numbersIn((profile as { drift?: unknown } | null)?.drift, 'drift');
    const figures: [string, string | number][] = profile ? [['rows', profile.rows], ...drift] : drift;
    return { dataset: dataset.name, project: dataset.project, number, state, ...Object.fromEntries(figures) };
  }

  /** Newest VALIDATED version of a data set. */
  async newestValid(workspaceId: string, datasetId: string): Promise<VersionFacts | undefined> {
    const row = await this.dataSource
      .getRepository(DatasetVersionEntity)
      .findOne({ where: { workspaceId, datasetId, state: 'VALIDATED' }, order: { number: 'DESC' } });
    return row ? toFacts(row) : undefined;
  }
}

/** Numbers in a record of whatever depth, by their dotted names. */
function numbersIn(value: unknown, name: string): [string, number][] {
  if (typeof value === 'number') return [[name, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${name}.${key}`));
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
