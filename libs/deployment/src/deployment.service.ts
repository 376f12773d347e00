import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, type Ctx, inChain, Journal } from '#access';
import type { ObservedState } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { RegistryReads } from '#reads/registry';
import type { RevisionEntity } from './deployment.entities.js';
import { DeploymentStore } from './deployment.store.js';
import { revisionData, Revisions, servable } from './revisions.js';

/** Use cases of endpoints: what they follow, which revision is desired, and what nodes report. */
@Injectable()
export class DeploymentService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DeploymentStore,
    private readonly registry: RegistryReads,
    private readonly revisions: Revisions,
    private readonly journal: Journal,
  ) {}

  /** An endpoint that serves what stands in a stage of a model, now and whenever that changes. */
  async createEndpoint(
    ctx: Ctx,
    input: { name: string; project?: string | null; modelId: string; stage: string },
  ): Promise<{ id: string }> {
    const project = checkedProject(input.project);
    if (!/^[A-Za-z0-9][\w-]{0,62}$/.test(input.name))
      throw new DomainError('BAD_INPUT', 'name must be 1 to 63 letters, digits, dashes or underscores', 'name');
    authorize(ctx, 'deployment.write', project);
    const model = await this.registry.model(ctx.workspaceId, input.modelId);
    if (!model) throw new DomainError('NOT_FOUND', `there is no model ${input.modelId}`, 'follows.modelId');
    if (!model.stages.includes(input.stage))
      throw new DomainError(
        'BAD_INPUT',
        `model ${model.name} has the stages ${model.stages.join(', ')}, not ${input.stage}`,
        'follows.stage',
      );
    const holder = await this.registry.holder(ctx.workspaceId, input.modelId, input.stage);
    if (holder) servable(holder);
    return this.unitOfWork.run(ctx, async (tx) => {
      const id = newId('endpoint');
      const row = {
        id,
        workspaceId: ctx.workspaceId,
        project,
        name: input.name,
        modelId: input.modelId,
        stage: input.stage,
        createdBy: ctx.authId,
      };
      if (!(await this.store.insertEndpoint(tx, row)))
        throw new DomainError('CONFLICT', `there is an endpoint named ${input.name} already`, 'name');
      await this.journal.record(tx, ctx, {
        event: 'endpoint.created',
        subject: { kind: 'endpoint', id },
        data: { endpointId: id, name: input.name, project, modelId: input.modelId, stage: input.stage },
      });
      return { id };
    });
  }

  /** Makes the version that stands in the stage the desired revision of every endpoint that follows it. Changes nothing where it is already. */
  async follow(ctx: Ctx, modelId: string, stage: string): Promise<void> {
    const holder = await this.registry.holder(ctx.workspaceId, modelId, stage);
    await this.unitOfWork.run(ctx, async (tx) => {
      if (!holder) return;
      for (const endpointId of await this.store.followers(tx, ctx.workspaceId, modelId, stage)) {
        const endpoint = (await this.store.lockEndpoint(tx, endpointId))!;
        const desired = endpoint.desiredRevisionId ? await this.store.revision(tx, endpoint.desiredRevisionId) : null;
        if (desired?.modelVersionId !== holder.id) await this.revisions.addIn(tx, ctx, endpoint, holder);
      }
    });
  }

  /** What a node says of the revisions that it was asked to serve. Repeats change nothing. */
  async observe(ctx: Ctx, report: ObservedState): Promise<void> {
    await this.unitOfWork.run({}, async (tx) => {
      for (const observed of report.revisions) {
        const revision = await this.store.revision(tx, observed.revisionId);
        if (!revision) continue;
        const endpoint = await this.store.lockEndpoint(tx, revision.endpointId);
        if (endpoint?.desiredRevisionId !== revision.id) continue;
        const there = inChain({ ...ctx, workspaceId: revision.workspaceId }, revision.chain);
        await this.observeIn(tx, there, revision, report.nodeId, observed);
      }
    });
  }

  private async observeIn(
    tx: Tx,
    ctx: Ctx,
    revision: RevisionEntity,
    nodeId: string,
    observed: ObservedState['revisions'][number],
  ): Promise<void> {
    const subject = { kind: 'revision', id: revision.id };
    const data = { ...revisionData(revision), nodeId };
    if (observed.state === 'ready') {
      if (await this.store.markReady(tx, revision))
        await this.journal.record(tx, ctx, { event: 'deployment.ready', subject, data });
      return;
    }
    const reason = observed.reason ?? 'the node could not load it';
    if (await this.store.markFailed(tx, revision.id, reason))
      await this.journal.record(tx, ctx, { event: 'deployment.failed', subject, data: { ...data, reason }, reason });
  }
}
