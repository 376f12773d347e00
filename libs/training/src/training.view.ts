import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { visible, type Ctx } from '#access';
import { keysetPage } from '#database';
import type { Page, PageArgs } from '#kernel';
import { ReproductionEntity, TemplateEntity, TrainingAttemptEntity, TrainingJobEntity } from './training.entities.js';

export type TemplateRow = Readonly<TemplateEntity>;
export type TrainingJobRow = Readonly<TrainingJobEntity>;
export type TrainingAttemptRow = Readonly<TrainingAttemptEntity>;
export type ReproductionRow = Readonly<ReproductionEntity>;

@Injectable()
export class TrainingView {
  constructor(private readonly dataSource: DataSource) {}

  templates(ctx: Ctx, filter: { name?: string | null }, args: PageArgs): Promise<Page<TemplateRow>> {
    const query = this.readableTemplates(ctx);
    if (filter.name) query.andWhere('t.name = :n', { n: filter.name });
    return keysetPage(query, args);
  }

  templatesByIds(ctx: Ctx, ids: readonly string[]): Promise<TemplateRow[]> {
    return this.readableTemplates(ctx).andWhere('t.id in (:...ids)', { ids }).getMany();
  }

  jobs(
    ctx: Ctx,
    filter: { state?: readonly string[] | null; templateId?: string | null; datasetVersionId?: string | null },
    args: PageArgs,
  ): Promise<Page<TrainingJobRow>> {
    const query = this.readableJobs(ctx);
    if (filter.state?.length) query.andWhere('j.state in (:...s)', { s: filter.state });
    if (filter.templateId) query.andWhere('j.templateId = :t', { t: filter.templateId });
    if (filter.datasetVersionId) query.andWhere('j.datasetVersionId = :dv', { dv: filter.datasetVersionId });
    return keysetPage(query, args);
  }

  jobsByIds(ctx: Ctx, ids: readonly string[]): Promise<TrainingJobRow[]> {
    return this.readableJobs(ctx).andWhere('j.id in (:...ids)', { ids }).getMany();
  }

  attemptsByJobs(ids: readonly string[]): Promise<TrainingAttemptRow[]> {
    return this.dataSource
      .getRepository(TrainingAttemptEntity)
      .find({ where: { jobId: In([...ids]) }, order: { jobId: 'ASC', number: 'ASC' } });
  }

  /** What is known of runs that do another one anew. */
  reproductionsByRuns(ctx: Ctx, runIds: readonly string[]): Promise<ReproductionRow[]> {
    const query = this.dataSource
      .getRepository(ReproductionEntity)
      .createQueryBuilder('p')
      .innerJoin(TrainingJobEntity, 'j', 'j.id = p.jobId');
    return visible(query, ctx, 'training.read', 'j.project').andWhere('p.runId in (:...runIds)', { runIds }).getMany();
  }

  private readableTemplates(ctx: Ctx) {
    return visible(this.dataSource.getRepository(TemplateEntity).createQueryBuilder('t'), ctx, 'training.read', 't.project');
  }

  private readableJobs(ctx: Ctx) {
    return visible(this.dataSource.getRepository(TrainingJobEntity).createQueryBuilder('j'), ctx, 'training.read', 'j.project');
  }
}
