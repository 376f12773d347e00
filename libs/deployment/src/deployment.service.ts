import { Injectable } from '@nestjs/common';
import { authorize, checkedProject, type Ctx, Journal } from '#access';
import { MODEL_FILES, type ObservedState, type Signature } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { Notifier } from '#messaging';
import { RegistryReads, type VersionFacts } from '#reads/registry';
import type { EndpointEntity, RevisionEntity } from './deployment.entities.js';
import { DeploymentStore } from './deployment.store.js';

/** Use cases of endpoints: what they follow, which revision is desired, and what nodes report. */
@Injectable()
export class DeploymentService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DeploymentStore,
    private readonly registry: RegistryReads,
    private readonly journal: Journal,
    private readonly notifier: Notifier,
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
        if (desired?.modelVersionId !== holder.id) await this.deployIn(tx, ctx, endpoint, holder);
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
        await this.observeIn(tx, { ...ctx, workspaceId: revision.workspaceId }, revision, report.nodeId, observed);
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

  private async deployIn(tx: Tx, ctx: Ctx, endpoint: EndpointEntity, version: VersionFacts): Promise<void> {
    const { onnxBlob, signature } = servable(version);
    const revision = {
      id: newId('revision'),
      workspaceId: endpoint.workspaceId,
      endpointId: endpoint.id,
      number: endpoint.lastNumber + 1,
      modelVersionId: version.id,
      modelVersion: version.number,
      onnxBlob,
      signature,
    };
    await this.store.insertRevision(tx, revision);
    await this.journal.record(tx, ctx, {
      event: 'deployment.created',
      subject: { kind: 'revision', id: revision.id },
      data: revisionData(revision),
    });
    tx.afterCommit(async () => this.notifier.wake('desired_state'));
  }
}

/** What inference needs of a version. Throws NOT_READY for one that was registered without its files. */
function servable(version: VersionFacts): { readonly onnxBlob: string; readonly signature: Signature } {
  const onnxBlob = version.files[MODEL_FILES.onnx];
  if (onnxBlob && version.signature) return { onnxBlob, signature: version.signature };
  throw new DomainError(
    'NOT_READY',
    `version ${version.number} has no ${onnxBlob ? 'signature' : 'ONNX file'} in the platform, so it cannot be served`,
    'follows',
  );
}

function revisionData(revision: { id: string; endpointId: string; number: number; modelVersionId: string }) {
  return {
    endpointId: revision.endpointId,
    revisionId: revision.id,
    number: revision.number,
    modelVersionId: revision.modelVersionId,
  };
}
