import { Injectable } from '@nestjs/common';
import { authorize, Journal, memberOf, type Ctx } from '#access';
import type { GateResult } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { afterGates, stageFor } from './model/stage-rules.js';
import type { ModelEntity, ModelVersionEntity, StageRequestEntity } from './registry.entities.js';
import { noVersion } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { StageMoves } from './stage-moves.js';

/** Use cases of promotion: asking for a stage, the gates' verdict, approval or rejection, and the move itself. */
@Injectable()
export class PromotionService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RegistryStore,
    private readonly moves: StageMoves,
    private readonly journal: Journal,
  ) {}

  /** Asks for a stage; its gates are evaluated in the background. Throws CONFLICT for a move that the flow forbids or that is asked for already. */
  async request(ctx: Ctx, input: { versionId: string; stage: string; reason?: string | null }): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const { version, model } = await this.lockedVersion(tx, ctx, input.versionId);
      if (version.deletedAt) throw noVersion({ id: version.id });
      authorize(ctx, 'registry.request', model.project);
      stageFor(model.flow, version.stage, input.stage);
      const id = newId('stageRequest');
      const inserted = await this.store.insertRequest(tx, {
        id,
        workspaceId: ctx.workspaceId,
        modelId: model.id,
        versionId: version.id,
        stage: input.stage,
        reason: input.reason ?? null,
        requestedBy: ctx.authId,
        memberId: memberOf(ctx),
      });
      if (!inserted) throw new DomainError('CONFLICT', `a request for ${input.stage} is open for this version already`, 'stage');
      await this.journal.record(tx, ctx, {
        event: 'model_version.stage_requested',
        subject: { kind: 'stage_request', id },
        data: requestData(version, { id, stage: input.stage }),
        reason: input.reason ?? undefined,
      });
      return { id };
    });
  }

  /** Freezes the gates' verdict; a request that needs no approval moves at once. A request that is settled already stays as it is. */
  async recordGates(ctx: Ctx, requestId: string, results: readonly GateResult[], championId: string | null): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const { request, version, model } = await this.lockedRequest(tx, ctx, requestId);
      if (request.state !== 'EVALUATING') return;
      const stage = stageFor(model.flow, version.stage, request.stage);
      const next = afterGates(results, stage);
      await this.store.setRequest(tx, requestId, 'EVALUATING', next, { gates: results, championId });
      await this.journal.record(tx, ctx, {
        event: 'model_version.gates_evaluated',
        subject: { kind: 'stage_request', id: requestId },
        data: { ...requestData(version, request), passed: next !== 'BLOCKED' },
        after: { state: next, gates: results },
      });
      if (next === 'DONE') await this.moveIn(tx, ctx, model, version, request);
    });
  }

  /**
   * Approves or rejects. Throws SELF_APPROVAL when the member asked for the stage or answers for the training, CONFLICT when nothing waits for
   * approval. The approval that completes the number moves the version in the same transaction.
   */
  async decide(
    ctx: Ctx,
    input: { requestId: string; decision: 'approved' | 'rejected'; comment?: string | null },
  ): Promise<{ id: string }> {
    try {
      return await this.unitOfWork.run(ctx, (tx) => this.decideIn(tx, ctx, input));
    } catch (error) {
      if (error instanceof DomainError && (error.code === 'SELF_APPROVAL' || error.code === 'FORBIDDEN'))
        await this.journal.refused(
          ctx,
          `model_version.${input.decision}`,
          { kind: 'stage_request', id: input.requestId },
          error.message,
        );
      throw error;
    }
  }

  private async decideIn(
    tx: Tx,
    ctx: Ctx,
    input: { requestId: string; decision: 'approved' | 'rejected'; comment?: string | null },
  ): Promise<{ id: string }> {
    const { request, version, model } = await this.lockedRequest(tx, ctx, input.requestId);
    authorize(ctx, 'registry.approve', model.project);
    const member = memberOf(ctx);
    if (!member || ctx.principal.kind !== 'member') throw new DomainError('FORBIDDEN', 'only a member may decide, in person');
    if (member === request.memberId || member === version.trainedBy)
      throw new DomainError(
        'SELF_APPROVAL',
        'who asked for the stage, or answers for the training, may not decide on it; another approver must',
        'requestId',
      );
    if (request.state !== 'AWAITING_APPROVAL')
      throw new DomainError('CONFLICT', `the request is ${request.state}, not awaiting approval`, 'requestId');
    const row = {
      id: newId('approval'),
      requestId: request.id,
      memberId: member,
      decision: input.decision,
      comment: input.comment ?? null,
    };
    if (!(await this.store.addApproval(tx, row)))
      throw new DomainError('CONFLICT', 'you have decided on this request already', 'requestId');
    await this.journal.record(tx, ctx, {
      event: `model_version.${input.decision}`,
      subject: { kind: 'stage_request', id: request.id },
      data: { ...requestData(version, request), by: member },
      reason: input.comment ?? undefined,
    });
    if (input.decision === 'rejected') await this.store.setRequest(tx, request.id, 'AWAITING_APPROVAL', 'REJECTED');
    else await this.completeIn(tx, ctx, model, version, request);
    return { id: request.id };
  }

  private async completeIn(
    tx: Tx,
    ctx: Ctx,
    model: ModelEntity,
    version: ModelVersionEntity,
    request: StageRequestEntity,
  ): Promise<void> {
    const stage = stageFor(model.flow, version.stage, request.stage);
    const champion = await this.store.holder(tx, model.id, request.stage);
    if ((champion?.id ?? null) !== request.championId)
      throw new DomainError(
        'CONFLICT',
        'another version has come into the stage since the gates were evaluated; ask for the stage anew',
        'requestId',
      );
    if ((await this.store.approvals(tx, request.id)) < stage.approvals) return;
    await this.store.setRequest(tx, request.id, 'AWAITING_APPROVAL', 'DONE');
    await this.moveIn(tx, ctx, model, version, request);
  }

  private async moveIn(
    tx: Tx,
    ctx: Ctx,
    model: ModelEntity,
    version: ModelVersionEntity,
    request: StageRequestEntity,
  ): Promise<void> {
    await this.moves.enter(tx, ctx, model, version, stageFor(model.flow, version.stage, request.stage), request.id);
  }

  private async lockedVersion(tx: Tx, ctx: Ctx, versionId: string): Promise<{ version: ModelVersionEntity; model: ModelEntity }> {
    const found = await this.store.version(tx, ctx.workspaceId, versionId);
    if (!found) throw noVersion({ id: versionId });
    const model = (await this.store.lockModel(tx, ctx.workspaceId, { id: found.modelId }))!;
    return { model, version: (await this.store.version(tx, ctx.workspaceId, versionId))! };
  }

  private async lockedRequest(tx: Tx, ctx: Ctx, requestId: string) {
    const request = await this.store.lockRequest(tx, ctx.workspaceId, requestId);
    if (!request) throw new DomainError('NOT_FOUND', `there is no stage request ${requestId}`, 'requestId');
    return { request, ...(await this.lockedVersion(tx, ctx, request.versionId)) };
  }
}

function requestData(version: ModelVersionEntity, request: { id: string; stage: string }) {
  return { modelId: version.modelId, versionId: version.id, number: version.number, requestId: request.id, stage: request.stage };
}
