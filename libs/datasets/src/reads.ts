import { Injectable, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Column, DatasetProfile, DriftReport, Finding } from '#contracts';
import { select } from '#database';
import { DatasetEntity, DatasetVersionEntity } from './datasets.entities.js';
import type { DatasetFormat, DatasetVersionState } from './model/dataset-version.js';

/** A version as other domains may know it. */
export interface VersionFacts {
  readonly id: string;
  readonly datasetId: string;
  readonly number: number;
  readonly state: DatasetVersionState;
  /** Why it is INVALID or RETRACTED. */
  readonly reason: string | null;
  readonly parentId: string | null;
  readonly blob: string;
  readonly format: DatasetFormat;
  readonly table: { readonly sha256: string; readonly size: number } | null;
  readonly columns: readonly Column[] | null;
}

export interface DataSheetFacts {
  readonly id: string;
  readonly dataset: string;
  readonly project: string;
  readonly number: number;
  readonly state: DatasetVersionState;
  readonly rows: number | null;
  readonly columns: number | null;
  /** Of the uploaded file. */
  readonly sha256: string;
}

/** A version as lineage tells of it to others. */
export interface DataLineageFacts {
  readonly name: string;
  readonly project: string;
  readonly number: number;
  readonly format: DatasetFormat;
  /** Null before it was checked, and where more than ten versions were asked for: tables may be wide. */
  readonly columns: readonly Column[] | null;
}

/** The same with what a check has measured and found. */
export interface CheckedFacts extends DataLineageFacts {
  /** Bytes of the uploaded file. */
  readonly size: number;
  readonly profile: DatasetProfile | null;
  readonly findings: readonly Finding[];
}

const LINEAGE = 'd.name, d.project, v.number, v.format';
const LINEAGE_FROM = 'from dataset_version v join dataset d on d.id = v.dataset_id where v.workspace_id = $1 and v.id';

@Injectable()
export class DatasetReads {
  constructor(private readonly dataSource: DataSource) {}

  async version(workspaceId: string, id: string): Promise<VersionFacts | undefined> {
    const row = await this.dataSource.getRepository(DatasetVersionEntity).findOneBy({ workspaceId, id });
    return row ? toFacts(row) : undefined;
  }

  /** What to know before a version is read for somebody: the project whose rights count, and its columns. */
  async readable(workspaceId: string, id: string): Promise<{ project: string; columns: readonly string[] } | undefined> {
    const row = await this.dataSource.getRepository(DatasetVersionEntity).findOneBy({ workspaceId, id });
    const dataset = row && (await this.dataSource.getRepository(DatasetEntity).findOneBy({ workspaceId, id: row.datasetId }));
    return dataset ? { project: dataset.project, columns: (row.columns ?? []).map(({ name }) => name) } : undefined;
  }

  /** Why nothing new may be read from a version; undefined where it may. One that is not here is no obstacle: what needs it says so. */
  async unfitBecause(workspaceId: string, id: string): Promise<string | undefined> {
    const version = await this.version(workspaceId, id);
    if (!version || version.state === 'VALIDATED') return undefined;
    const { number, state, reason } = version;
    return `version ${number} of the data set is ${state}${reason ? ` (${reason})` : ''}`;
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
      project: dataset.project,
      number,
      state,
      rows: profile?.rows ?? null,
      columns: columns?.length ?? null,
      sha256: blob,
    };
  }

  /** Where a data set is, and by which name. */
  async place(workspaceId: string, id: string): Promise<{ name: string; project: string; description: string } | undefined> {
    const row = await this.dataSource.getRepository(DatasetEntity).findOneBy({ workspaceId, id });
    return row ? { name: row.name, project: row.project, description: row.description } : undefined;
  }

  /** Those of the versions that there are. */
  async lineage(workspaceId: string, ids: readonly string[]): Promise<DataLineageFacts[]> {
    if (ids.length === 0) return [];
    const sql = `select ${LINEAGE}, case when cardinality($2::text[]) <= 10 then v.columns end as columns ${LINEAGE_FROM} = any($2) order by d.name, v.number`;
    return select(this.dataSource, sql, [workspaceId, ids]);
  }

  /** A version with what a check has measured and found. */
  async checked(workspaceId: string, id: string): Promise<CheckedFacts | undefined> {
    const sql = `select ${LINEAGE}, v.columns, v.size::float8 as size, v.profile, v.findings ${LINEAGE_FROM} = $2`;
    return (await select<CheckedFacts>(this.dataSource, sql, [workspaceId, id]))[0];
  }

  /** What conditions may ask about a version: its data set, its state, and the figures of its drift where its profile has them. */
  async figures(workspaceId: string, id: string): Promise<Record<string, string | number | boolean> | undefined> {
    const row = await this.dataSource.getRepository(DatasetVersionEntity).findOneBy({ workspaceId, id });
    const dataset = row && (await this.dataSource.getRepository(DatasetEntity).findOneBy({ workspaceId, id: row.datasetId }));
    if (!dataset) return undefined;
    const { number, state, profile } = row;
    const rows = profile ? { rows: profile.rows } : {};
    const drift = Object.fromEntries(driftFigures(profile?.drift));
    return Object.fromEntries(
      Object.entries({ dataset: dataset.name, project: dataset.project, number, state, ...rows, ...drift }),
    );
  }

  /** Newest VALIDATED version of a data set. */
  async newestValid(workspaceId: string, datasetId: string): Promise<VersionFacts | undefined> {
    const row = await this.dataSource
      .getRepository(DatasetVersionEntity)
      .findOne({ where: { workspaceId, datasetId, state: 'VALIDATED' }, order: { number: 'DESC' } });
    return row ? toFacts(row) : undefined;
  }
}

/** The figures of a version against its parent: of all of it, and of each column. */
function driftFigures(drift: DriftReport | undefined): [string, string | number | boolean][] {
  if (!drift) return [];
  const { drifted, added, removed, worst, columns } = drift;
  const whole: [string, string | number | boolean][] = [
    ['drift.drifted', drifted],
    ['drift.added', added],
    ['drift.removed', removed],
    ...(worst
      ? ([
          ['drift.psi', worst.psi],
          ['drift.worst', worst.column],
        ] as [string, string | number][])
      : []),
  ];
  const each = columns.flatMap(({ name, psi, statistic, q }) =>
    Object.entries({ psi, statistic, q }).flatMap(([figure, value]): [string, number][] =>
      value === null ? [] : [[`drift.column.${name}.${figure}`, value]],
    ),
  );
  return [...whole, ...each];
}

function toFacts(row: DatasetVersionEntity): VersionFacts {
  const table = row.tableBlob ? { sha256: row.tableBlob, size: Number(row.tableSize) } : null;
  return {
    id: row.id,
    datasetId: row.datasetId,
    number: row.number,
    state: row.state,
    reason: row.reason,
    parentId: row.parentId,
    blob: row.blob,
    format: row.format,
    table,
    columns: row.columns,
  };
}

@Module({ providers: [DatasetReads], exports: [DatasetReads] })
export class DatasetReadsModule {}
