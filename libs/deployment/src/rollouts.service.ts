import { Injectable } from '@nestjs/common';
import { authorize, type Ctx, Journal } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError } from '#kernel';
import { RegistryReads } from '#reads/registry';
import type { EndpointEntity } from './deployment.entities.js';
import { DeploymentStore } from './deployment.store.js';
import { Revisions } from './revisions.js';

export interface Rollout {
  readonly revisionId: string;
  /** False when the endpoint had that version already, and nothing was changed. */
  readonly changed: boolean;
}

/** Use cases by which somebody, or a trigger, chooses what an endpoint serves, beside the stage that it follows. */
@Injectable()
export class RolloutsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DeploymentStore,
    private readonly registry: RegistryReads,
    private readonly revisions: Revisions,
    private readonly journal: Journal,
  ) {}

  /**
   * Lets an endpoint serve a version of its model that stands in the stage that it follows, or that it has served before: what has not passed the gates and
   * approvals of the stage is not served by this way either. The next change of the stage is followed all the same. Throws NOT_FOUND, NOT_READY.
   */
  async deploy(ctx: Ctx, input: { endpointId: string; versionId: string }): Promise<Rollout> {
    const version = await this.registry.version(ctx.workspaceId, input.versionId);
    return this.change(ctx, input.endpointId, async (tx, endpoint) => {
      if (!version || version.modelId !== endpoint.modelId)
        throw new DomainError('NOT_FOUND', `the endpoint's model has no version ${input.versionId}`, 'versionId');
      const desired = endpoint.desiredRevisionId ? await this.store.revision(tx, endpoint.desiredRevisionId) : null;
      if (desired?.modelVersionId === version.id) return { revisionId: desired.id, changed: false };
      if (version.stage !== endpoint.stage && !(await this.store.hasServed(tx, endpoint.id, version.id)))
        throw new DomainError(
          'NOT_READY',
          `version ${version.number} is in the stage ${version.stage}; ${endpoint.name} serves what stands in ${endpoint.stage}: promote it first`,
          'versionId',
        );
      return { revisionId: (await this.revisions.addIn(tx, ctx, endpoint, version)).revisionId, changed: true };
    });
  }

  /**
   * Lets an endpoint serve what it served before: the version of its last revision that was ready, serves another version than now, and was not rolled back from
   * itself. It is a new revision; the one that is left is no place to come back to. Throws NOT_FOUND, and NOT_READY when there is none.
   */
  async rollBack(ctx: Ctx, input: { endpointId: string; reason: string }): Promise<Rollout> {
    return this.change(ctx, input.endpointId, async (tx, endpoint) => {
      const left = endpoint.desiredRevisionId ? await this.store.revision(tx, endpoint.desiredRevisionId) : null;
      const before = left && (await this.store.readyBefore(tx, left));
      const version = before && (await this.registry.version(ctx.workspaceId, before.modelVersionId));
      if (!left || !version)
        throw new DomainError(
          'NOT_READY',
          `${endpoint.name} has no revision before that was ready and serves another version`,
          'endpointId',
        );
      await this.store.markRolledBack(tx, left.id);
      const data = await this.revisions.addIn(tx, ctx, endpoint, version);
      await this.journal.record(tx, ctx, {
        event: 'deployment.rolled_back',
        subject: { kind: 'revision', id: data.revisionId },
        data: { ...data, fromRevisionId: left.id, reason: input.reason },
        reason: input.reason,
      });
      return { revisionId: data.revisionId, changed: true };
    });
  }

  private change(ctx: Ctx, endpointId: string, work: (tx: Tx, endpoint: EndpointEntity) => Promise<Rollout>): Promise<Rollout> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const endpoint = await this.store.lockEndpoint(tx, endpointId);
      if (!endpoint || endpoint.workspaceId !== ctx.workspaceId)
        throw new DomainError('NOT_FOUND', `there is no endpoint ${endpointId}`, 'endpointId');
      authorize(ctx, 'deployment.write', endpoint.project);
      return work(tx, endpoint);
    });
  }
}
