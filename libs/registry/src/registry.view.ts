import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { visible, type Ctx } from '#access';
import { keysetPage } from '#database';
import type { Page, PageArgs } from '#kernel';
import { ModelEvaluationEntity } from './evaluations.entities.js';
import {
  ApprovalEntity,
  ModelAliasEntity,
  ModelEntity,
  ModelTagEntity,
  ModelVersionEntity,
  ModelVersionTagEntity,
  StageRequestEntity,
} from './registry.entities.js';

export type ModelRow = Readonly<ModelEntity>;
export type ModelVersionRow = Readonly<ModelVersionEntity>;
export type EvaluationRow = Readonly<ModelEvaluationEntity>;
export type StageRequestRow = Readonly<StageRequestEntity>;
export type ApprovalRow = Readonly<ApprovalEntity>;
export type ModelTagRow = Readonly<ModelTagEntity>;
export type VersionTagRow = Readonly<ModelVersionTagEntity>;
export type ModelAliasRow = Readonly<ModelAliasEntity>;

@Injectable()
export class RegistryView {
  constructor(private readonly dataSource: DataSource) {}

  models(ctx: Ctx, filter: { name?: string | null }, args: PageArgs): Promise<Page<ModelRow>> {
    const query = this.readableModels(ctx);
    if (filter.name) query.andWhere('m.name = :n', { n: filter.name });
    return keysetPage(query, args);
  }

  modelsByIds(ctx: Ctx, ids: readonly string[]): Promise<ModelRow[]> {
    return this.readableModels(ctx).andWhere('m.id in (:...ids)', { ids }).getMany();
  }

  versions(
    ctx: Ctx,
    filter: { modelId?: string | null; stage?: string | null; runId?: string | null },
    args: PageArgs,
  ): Promise<Page<ModelVersionRow>> {
    const query = this.readableOf(ctx, ModelVersionEntity, 'v').andWhere('v.deletedAt is null');
    if (filter.modelId) query.andWhere('v.modelId = :m', { m: filter.modelId });
    if (filter.stage) query.andWhere('v.stage = :s', { s: filter.stage });
    if (filter.runId) query.andWhere('v.runId = :r', { r: filter.runId });
    return keysetPage(query, args);
  }

  /** With deleted ones: revisions and stage requests go on naming them. */
  versionsByIds(ctx: Ctx, ids: readonly string[]): Promise<ModelVersionRow[]> {
    return this.readableOf(ctx, ModelVersionEntity, 'v').andWhere('v.id in (:...ids)', { ids }).getMany();
  }

  versionsByRuns(ctx: Ctx, runIds: readonly string[]): Promise<ModelVersionRow[]> {
    const query = this.readableOf(ctx, ModelVersionEntity, 'v').andWhere('v.deletedAt is null');
    return query.andWhere('v.runId in (:...runIds)', { runIds }).getMany();
  }

  requests(
    ctx: Ctx,
    filter: { versionId?: string | null; state?: readonly string[] | null },
    args: PageArgs,
  ): Promise<Page<StageRequestRow>> {
    const query = this.readableOf(ctx, StageRequestEntity, 'q');
    if (filter.versionId) query.andWhere('q.versionId = :v', { v: filter.versionId });
    if (filter.state?.length) query.andWhere('q.state in (:...s)', { s: filter.state });
    return keysetPage(query, args);
  }

  requestsByIds(ctx: Ctx, ids: readonly string[]): Promise<StageRequestRow[]> {
    return this.readableOf(ctx, StageRequestEntity, 'q').andWhere('q.id in (:...ids)', { ids }).getMany();
  }

  evaluations(ctx: Ctx, versionId: string, args: PageArgs): Promise<Page<EvaluationRow>> {
    return keysetPage(this.readableOf(ctx, ModelEvaluationEntity, 'e').andWhere('e.versionId = :versionId', { versionId }), args);
  }

  evaluationsByIds(ctx: Ctx, ids: readonly string[]): Promise<EvaluationRow[]> {
    return this.readableOf(ctx, ModelEvaluationEntity, 'e').andWhere('e.id in (:...ids)', { ids }).getMany();
  }

  approvalsByRequests(ids: readonly string[]): Promise<ApprovalRow[]> {
    return this.dataSource.getRepository(ApprovalEntity).find({ where: { requestId: In([...ids]) }, order: { id: 'ASC' } });
  }

  /** Tags and aliases of models and versions that the caller has read. */
  tagsByModels(ids: readonly string[]): Promise<ModelTagRow[]> {
    return this.dataSource.getRepository(ModelTagEntity).find({ where: { modelId: In([...ids]) }, order: { key: 'ASC' } });
  }

  tagsByVersions(ids: readonly string[]): Promise<VersionTagRow[]> {
    const where = { versionId: In([...ids]) };
    return this.dataSource.getRepository(ModelVersionTagEntity).find({ where, order: { key: 'ASC' } });
  }

  aliasesByModels(ids: readonly string[]): Promise<ModelAliasRow[]> {
    return this.dataSource.getRepository(ModelAliasEntity).find({ where: { modelId: In([...ids]) }, order: { alias: 'ASC' } });
  }

  aliasesByVersions(ids: readonly string[]): Promise<ModelAliasRow[]> {
    return this.dataSource.getRepository(ModelAliasEntity).find({ where: { versionId: In([...ids]) }, order: { alias: 'ASC' } });
  }

  private readableModels(ctx: Ctx) {
    return visible(this.dataSource.getRepository(ModelEntity).createQueryBuilder('m'), ctx, 'registry.read', 'm.project');
  }

  private readableOf<T extends ModelVersionEntity | StageRequestEntity | ModelEvaluationEntity>(
    ctx: Ctx,
    entity: new () => T,
    alias: string,
  ) {
    const project = `(select m.project from model m where m.id = ${alias}.model_id)`;
    return visible(this.dataSource.getRepository(entity).createQueryBuilder(alias), ctx, 'registry.read', project);
  }
}
