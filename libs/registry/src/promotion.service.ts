import { Injectable } from '@nestjs/common';
import { authorize, hasRole, Journal, memberOf, type Ctx } from '#access';
import { gateText, type GateResult } from '#contracts';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { HandsView } from './hands.view.js';
import { needsChampion } from './model/gates.js';
import { afterGates, moveFor } from './model/stage-rules.js';
import { noVersion } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { requestData, RequestLife, type HeldRequest, type Verdict } from './request-life.js';
import { RequestsStore } from './requests.store.js';

/** Use cases of asking for a stage: the request, and the verdict of its gates. */
@Injectable()
export class PromotionService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RegistryStore,
    private readonly requests: RequestsStore,
    private readonly life: RequestLife,
    private readonly hands: HandsView,
    private readonly journal: Journal,
  ) {}

  /** Asks for a stage; its gates are evaluated in the background. Throws CONFLICT for a move that the flow forbids or that is asked for already. */
  async request(ctx: Ctx, input: { versionId: string; stage: string; reason?: string | null }): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const { version, model } = await this.life.holdVersion(tx, ctx, input.versionId);
      if (version.deletedAt) throw noVersion({ id: version.id });
      authorize(ctx, 'registry.request', model.project);
      const move = moveFor(model.flow, version.stage, input.stage);
      if (!hasRole(ctx, move.ask, model.project))
        throw new DomainError('FORBIDDEN', `the flow of ${model.name} lets only ${move.ask}s ask for ${move.to}`, 'stage');
      const id = newId('stageRequest');
      const inserted = await this.requests.insert(tx, {
        id,
        workspaceId: ctx.workspaceId,
        modelId: model.id,
        versionId: version.id,
        stage: input.stage,
        fromStage: version.stage,
        reason: input.reason ?? null,
        requestedBy: ctx.authId,
        memberId: memberOf(ctx),
        barred: await this.hands.inRequest(ctx, version),
        flowRevision: model.flowRevision,
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

  /**
   * Freezes the gates' verdict; a request that needs no approval, or has them, moves at once. A verdict on a champion that does not stand there any
   * more is passed over, and the gates are evaluated anew; one on a version or a flow that have changed ends the request. A settled request stays as it is.
   */
  async recordGates(ctx: Ctx, requestId: string, verdict: Verdict): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const held = await this.life.hold(tx, ctx, requestId);
      if (held.request.state !== 'EVALUATING' && held.request.state !== 'RECHECKING') return;
      const outdated = await this.life.outdated(held, verdict.evidence.fingerprint);
      if (outdated) return this.life.expire(tx, ctx, held, outdated);
      const champion = await this.store.holder(tx, held.model.id, held.request.stage);
      const move = this.life.moveOf(held);
      if (needsChampion(move.gates) && (champion?.id ?? null) !== verdict.championId) return this.life.recheck(tx, ctx, held);
      await this.judge(tx, ctx, held, verdict);
    });
  }

  /** Ends a request whose gates no job could evaluate, so that it can be asked for anew. A settled request stays as it is. */
  async giveUp(ctx: Ctx, requestId: string, reason: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const held = await this.life.hold(tx, ctx, requestId);
      if (held.request.state !== 'EVALUATING' && held.request.state !== 'RECHECKING') return;
      await this.life.expire(tx, ctx, held, `its gates could not be evaluated: ${reason}`);
    });
  }

  private async judge(tx: Tx, ctx: Ctx, held: HeldRequest, verdict: Verdict): Promise<void> {
    const { request, version } = held;
    const move = this.life.moveOf(held);
    const judged = afterGates(verdict.results, move);
    const mayMove =
      judged === 'AWAITING_APPROVAL' && request.state === 'RECHECKING' && (await this.life.isApproved(tx, held, move));
    const next = mayMove ? 'DONE' : judged;
    await this.journal.record(tx, ctx, {
      event: 'model_version.gates_evaluated',
      subject: { kind: 'stage_request', id: request.id },
      data: { ...requestData(version, request), passed: next !== 'BLOCKED', gates: verdict.results.map(said) },
      after: { state: next, gates: verdict.results, fingerprint: verdict.evidence.fingerprint },
    });
    if (next === 'DONE') await this.life.complete(tx, ctx, held, move, verdict);
    else await this.life.become(tx, request, next, verdict);
  }
}

/** A gate as its event tells it. */
const said = ({ gate, outcome }: GateResult) => ({ text: gateText(gate), outcome });
