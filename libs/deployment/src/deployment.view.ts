import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { visible, type Ctx } from '#access';
import type { DesiredRevision } from '#contracts';
import { keysetPage, select } from '#database';
import type { Page, PageArgs } from '#kernel';
import { EndpointEntity, RevisionEntity } from './deployment.entities.js';

export type EndpointRow = Readonly<EndpointEntity>;
export type RevisionRow = Readonly<RevisionEntity>;

@Injectable()
export class DeploymentView {
  constructor(private readonly dataSource: DataSource) {}

  endpoints(ctx: Ctx, filter: { name?: string | null; modelId?: string | null }, args: PageArgs): Promise<Page<EndpointRow>> {
    const query = this.readable(ctx);
    if (filter.name) query.andWhere('e.name = :n', { n: filter.name });
    if (filter.modelId) query.andWhere('e.modelId = :m', { m: filter.modelId });
    return keysetPage(query, args);
  }

  endpointsByIds(ctx: Ctx, ids: readonly string[]): Promise<EndpointRow[]> {
    return this.readable(ctx).andWhere('e.id in (:...ids)', { ids }).getMany();
  }

  revisions(ctx: Ctx, endpointId: string, args: PageArgs): Promise<Page<RevisionRow>> {
    return keysetPage(this.readableRevisions(ctx).andWhere('r.endpointId = :e', { e: endpointId }), args);
  }

  revisionsByIds(ctx: Ctx, ids: readonly string[]): Promise<RevisionRow[]> {
    return this.readableRevisions(ctx).andWhere('r.id in (:...ids)', { ids }).getMany();
  }

  /** Every revision that inference nodes should serve, over all workspaces: for nodes only. */
  async desired(): Promise<DesiredRevision[]> {
    return select<DesiredRevision>(
      this.dataSource,
      `select e.id as "endpointId", e.name as endpoint, e.workspace_id as "workspaceId", e.project, r.id as "revisionId", r.number,
           r.model_version_id as "modelVersionId", r.model_version as "modelVersion", r.onnx_blob as onnx, r.signature
         from endpoint e join endpoint_revision r on r.id = e.desired_revision_id order by e.id`,
    );
  }

  private readable(ctx: Ctx) {
    return visible(this.dataSource.getRepository(EndpointEntity).createQueryBuilder('e'), ctx, 'deployment.read', 'e.project');
  }

  private readableRevisions(ctx: Ctx) {
    const project = '(select e.project from endpoint e where e.id = r.endpoint_id)';
    return visible(this.dataSource.getRepository(RevisionEntity).createQueryBuilder('r'), ctx, 'deployment.read', project);
  }
}
