import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Column as TableColumn, DatasetProfile, DriftReport, Finding } from '#contracts';
import type { DatasetFormat, DatasetVersionState } from './model/dataset-version.js';

@Entity('dataset')
@Index('dataset_name', ['workspaceId', 'name'], { unique: true })
export class DatasetEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') project!: string;
  @Column('text') name!: string;
  @Column('text', { default: '' }) description!: string;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('dataset_version')
@Index('dataset_version_number', ['datasetId', 'number'], { unique: true })
@Index('dataset_version_workspace', ['workspaceId', 'id'])
export class DatasetVersionEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') workspaceId!: string;
  @Column('text') datasetId!: string;
  @Column('int') number!: number;
  @Column('text', { nullable: true }) parentId!: string | null;
  @Column('text') state!: DatasetVersionState;
  @Column('text') format!: DatasetFormat;
  @Column('text') blob!: string;
  @Column('bigint') size!: string;
  /** Typed Parquet table made from the upload; absent until VALIDATED. */
  @Column('text', { nullable: true }) tableBlob!: string | null;
  @Column('bigint', { nullable: true }) tableSize!: string | null;
  @Column('jsonb', { nullable: true }) columns!: TableColumn[] | null;
  @Column('jsonb', { nullable: true }) profile!: DatasetProfile | null;
  @Column('jsonb', { default: [] }) findings!: Finding[];
  /** Why it is INVALID or RETRACTED. */
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('text') createdBy!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) checkedAt!: Date | null;
}

/** One version against another. */
@Entity('dataset_comparison')
export class DatasetComparisonEntity {
  @PrimaryColumn('text') versionId!: string;
  @PrimaryColumn('text') againstId!: string;
  @Column('text') workspaceId!: string;
  @Column('jsonb') report!: DriftReport;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
}
