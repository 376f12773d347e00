import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { visible, type Ctx } from '#access';
import { keysetPage } from '#database';
import type { Page, PageArgs } from '#kernel';
import { DatasetComparisonEntity, DatasetEntity, DatasetVersionEntity } from './datasets.entities.js';

export type DatasetRow = Readonly<DatasetEntity>;
export type DatasetVersionRow = Readonly<DatasetVersionEntity>;

export type DatasetComparisonRow = Readonly<DatasetComparisonEntity>;

const MAX_COMPARISONS = 100;

/** List and detail queries of data sets for the API. */
@Injectable()
export class DatasetsView {
  constructor(private readonly dataSource: DataSource) {}

  list(ctx: Ctx, filter: { name?: string | null }, args: PageArgs): Promise<Page<DatasetRow>> {
    const query = this.readable(ctx);
    if (filter.name) query.andWhere('d.name = :name', { name: filter.name });
    return keysetPage(query, args);
  }

  byIds(ctx: Ctx, ids: readonly string[]): Promise<DatasetRow[]> {
    return this.readable(ctx).andWhere('d.id in (:...ids)', { ids }).getMany();
  }

  byName(ctx: Ctx, name: string): Promise<DatasetRow | null> {
    return this.readable(ctx).andWhere('d.name = :name', { name }).getOne();
  }

  versions(
    ctx: Ctx,
    filter: { datasetId?: string | null; state?: string | null },
    args: PageArgs,
  ): Promise<Page<DatasetVersionRow>> {
    const query = this.readableVersions(ctx);
    if (filter.datasetId) query.andWhere('v.datasetId = :d', { d: filter.datasetId });
    if (filter.state) query.andWhere('v.state = :s', { s: filter.state });
    return keysetPage(query, args);
  }

  versionsByIds(ctx: Ctx, ids: readonly string[]): Promise<DatasetVersionRow[]> {
    return this.readableVersions(ctx).andWhere('v.id in (:...ids)', { ids }).getMany();
  }

  /** Reports of versions against another one, for versions that the caller may read. */
  async comparisons(ctx: Ctx, versionId: string, againstId?: string | null): Promise<DatasetComparisonRow[]> {
    const query = this.dataSource
      .getRepository(DatasetComparisonEntity)
      .createQueryBuilder('c')
      .where('c.versionId = :versionId', { versionId });
    if (againstId) query.andWhere('c.againstId = :againstId', { againstId });
    const project = '(select d.project from dataset d join dataset_version v on v.dataset_id = d.id where v.id = c.version_id)';
    return visible(query, ctx, 'dataset.read', project).orderBy('c.at', 'DESC').limit(MAX_COMPARISONS).getMany();
  }

  /** Newest version of each data set. */
  newestByDatasets(ctx: Ctx, datasetIds: readonly string[]): Promise<DatasetVersionRow[]> {
    return this.dataSource
      .getRepository(DatasetVersionEntity)
      .createQueryBuilder('v')
      .distinctOn(['v.datasetId'])
      .where({ workspaceId: ctx.workspaceId, datasetId: In([...datasetIds]) })
      .orderBy('v.datasetId')
      .addOrderBy('v.number', 'DESC')
      .getMany();
  }

  private readable(ctx: Ctx) {
    return visible(this.dataSource.getRepository(DatasetEntity).createQueryBuilder('d'), ctx, 'dataset.read', 'd.project');
  }

  private readableVersions(ctx: Ctx) {
    const project = '(select d.project from dataset d where d.id = v.dataset_id)';
    return visible(this.dataSource.getRepository(DatasetVersionEntity).createQueryBuilder('v'), ctx, 'dataset.read', project);
  }
}
