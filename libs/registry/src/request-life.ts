import { Injectable } from '@nestjs/common';
import { Journal, type Ctx } from '#access';
import type { GateResult } from '#contracts';
import type { Tx } from '#database';
import { DomainError } from '#kernel';
import { DatasetReads } from '#reads/datasets';
import { HandsView } from './hands.view.js';
import { fingerprintOf, type FrozenEvidence } from './model/evidence.js';
import { moveFor, type Move, type RequestState } from './model/stage-rules.js';
import type { ModelEntity, ModelVersionEntity, StageRequestEntity } from './registry.entities.js';
import { noVersion } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { RequestsStore } from './requests.store.js';
import { StageMoves } from './stage-moves.js';

/** A request whose version and model this transaction has locked. */
export interface HeldRequest {
  readonly request: StageRequestEntity;
  readonly version: ModelVersionEntity;
  readonly model: ModelEntity;
}

/** What the gates said, and what they had looked at. */
export interface Verdict {
  readonly results: readonly GateResult[];
  readonly evidence: FrozenEvidence;
  readonly championId: string | null;
}

/** Steps in the life of a stage request that several use cases take. Model before request: the order in which everybody locks. */
@Injectable()
export class RequestLife {
  constructor(
    private readonly store: RegistryStore,
    private readonly requests: RequestsStore,
    private readonly moves: StageMoves,
    private readonly datasets: DatasetReads,
    private readonly journal: Journal,
    private readonly hands: HandsView,
  ) {}

  async holdVersion(tx: Tx, ctx: Ctx, versionId: string): Promise<{ version: ModelVersionEntity; model: ModelEntity }> {
    const found = await this.store.version(tx, ctx.workspaceId, versionId);
    if (!found) throw noVersion({ id: versionId });
    const model = (await this.store.lockModel(tx, ctx.workspaceId, { id: found.modelId }))!;
    return { model, version: (await this.store.version(tx, ctx.workspaceId, versionId))! };
  }

  async hold(tx: Tx, ctx: Ctx, requestId: string): Promise<HeldRequest> {
    const found = await this.requests.find(tx, ctx.workspaceId, requestId);
    if (!found) throw new DomainError('NOT_FOUND', `there is no stage request ${requestId}`, 'requestId');
    const held = await this.holdVersion(tx, ctx, found.versionId);
    return { ...held, request: (await this.requests.lock(tx, ctx.workspaceId, requestId))! };
  }

  /** Why what the request rests on is not so any more; undefined when it still is. */
  async outdated(held: HeldRequest, fingerprint = held.request.evidence?.fingerprint): Promise<string | undefined> {
    const { request, version, model } = held;
    if (request.flowRevision !== model.flowRevision) return "the model's flow has changed since the request";
    if (request.fromStage !== null && request.fromStage !== version.stage)
      return `the version has moved from ${request.fromStage} to ${version.stage} since the request`;
    if (fingerprint !== undefined && fingerprint !== fingerprintOf(version))
      return 'files or figures of the version have changed since the gates were evaluated';
    if (!request.evidence || !version.datasetVersionId || !this.moveOf(held).gates.some(({ kind }) => kind === 'data_valid'))
      return undefined;
    return this.datasets.unfitBecause(model.workspaceId, version.datasetVersionId);
  }

  /** The version comes into the stage, and the request is done. */
  async complete(tx: Tx, ctx: Ctx, held: HeldRequest, move: Move, verdict?: Verdict): Promise<void> {
    const { request, version, model } = held;
    await this.requests.set(tx, request.id, request.state, 'DONE', patchOf(verdict));
    const by = (await this.requests.lastApprover(tx, request.id)) ?? request.requestedBy;
    await this.moves.enter(tx, ctx, model, version, move, { requestId: request.id, reason: request.reason, by });
  }

  /** Whether enough have approved who may still, within the hours that the flow gives an approval. */
  async isApproved(tx: Tx, { request, model }: HeldRequest, move: Move): Promise<boolean> {
    const approvers = await this.requests.approvers(tx, request.id, move.approvalHours);
    return (await this.hands.withRole(approvers, move.approverRole, model.project)).length >= move.approvals;
  }

  async become(tx: Tx, request: StageRequestEntity, state: RequestState, verdict?: Verdict): Promise<void> {
    await this.requests.set(tx, request.id, request.state, state, patchOf(verdict));
  }

  /** Has the gates that look at the champion evaluated again. */
  async recheck(tx: Tx, ctx: Ctx, { request, version }: HeldRequest): Promise<void> {
    await this.journal.record(tx, ctx, {
      event: 'model_version.recheck_requested',
      subject: { kind: 'stage_request', id: request.id },
      data: requestData(version, request),
    });
  }

  async expire(tx: Tx, ctx: Ctx, { request, version }: Pick<HeldRequest, 'request' | 'version'>, reason: string): Promise<void> {
    if (!(await this.requests.set(tx, request.id, request.state, 'STALE', { endedBecause: reason }))) return;
    await this.journal.record(tx, ctx, {
      event: 'model_version.request_expired',
      subject: { kind: 'stage_request', id: request.id },
      data: { ...requestData(version, request), reason },
      before: { state: request.state },
      after: { state: 'STALE' },
      reason,
    });
  }

  /** Ends the open requests of a locked model, or of one of its versions. */
  async expireOpen(tx: Tx, ctx: Ctx, modelId: string, reason: string, versionId?: string): Promise<void> {
    for (const request of await this.requests.open(tx, modelId, versionId)) {
      const version = (await this.store.version(tx, ctx.workspaceId, request.versionId))!;
      await this.expire(tx, ctx, { request, version }, reason);
    }
  }

  /** A version that is deleted leaves its stage, and what is asked for it comes to nothing. */
  async withdraw(tx: Tx, ctx: Ctx, version: ModelVersionEntity): Promise<void> {
    await this.expireOpen(tx, ctx, version.modelId, 'the version was deleted', version.id);
    await this.moves.leave(tx, ctx, version);
  }

  moveOf({ model, version, request }: HeldRequest): Move {
    return moveFor(model.flow, version.stage, request.stage);
  }
}

const patchOf = (verdict: Verdict | undefined) =>
  verdict && { gates: verdict.results, evidence: verdict.evidence, championId: verdict.championId };

/** What events say of a request. */
export function requestData(version: ModelVersionEntity, request: { id: string; stage: string }) {
  return { modelId: version.modelId, versionId: version.id, number: version.number, requestId: request.id, stage: request.stage };
}
