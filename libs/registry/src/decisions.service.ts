import { Injectable } from '@nestjs/common';
import { authorize, hasRole, Journal, memberOf, type Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError, newId } from '#kernel';
import { HandsView } from './hands.view.js';
import { needsChampion } from './model/gates.js';
import { moveFor, type Move } from './model/stage-rules.js';
import { noVersion } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { requestData, RequestLife, type HeldRequest } from './request-life.js';
import { RequestsStore } from './requests.store.js';
import { StageMoves } from './stage-moves.js';

export interface Decision {
  readonly requestId: string;
  readonly decision: 'approved' | 'rejected';
  readonly comment?: string | null;
}

/** Use cases of deciding on a version's stage: approval, rejection, and the emergency move. */
@Injectable()
export class DecisionsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RegistryStore,
    private readonly requests: RequestsStore,
    private readonly life: RequestLife,
    private readonly moves: StageMoves,
    private readonly journal: Journal,
    private readonly hands: HandsView,
  ) {}

  /**
   * Approves or rejects. Throws SELF_APPROVAL when the member asked for the stage or answers for the training, CONFLICT when nothing waits for
   * approval or what was approved is not so any more. The approval that completes the number moves the version in the same transaction, or, where gates
   * look at the champion, has these evaluated once more.
   */
  async decide(ctx: Ctx, input: Decision): Promise<{ id: string }> {
    const outdated = await this.unitOfWork.run(ctx, (tx) => this.decideIn(tx, ctx, input));
    if (outdated) throw new DomainError('CONFLICT', `${outdated}; ask for the stage anew`, 'requestId');
    return { id: input.requestId };
  }

  /**
   * Moves a version past the gates and approvals of its way in. It takes a right of its own and a reason, and its open requests end. Throws
   * BAD_INPUT without a reason, CONFLICT for a move that the flow does not have at all.
   */
  async force(ctx: Ctx, input: { versionId: string; stage: string; reason: string }): Promise<{ id: string }> {
    const reason = input.reason.trim();
    if (reason.length < 10)
      throw new DomainError('BAD_INPUT', 'say in 10 characters or more why the gates are passed over', 'reason');
    return this.unitOfWork.run(ctx, async (tx) => {
      const { version, model } = await this.life.holdVersion(tx, ctx, input.versionId);
      if (version.deletedAt) throw noVersion({ id: version.id });
      authorize(ctx, 'registry.override', model.project);
      const move = moveFor(model.flow, version.stage, input.stage);
      const { modelId, id: versionId, number } = version;
      await this.journal.record(tx, ctx, {
        event: 'model_version.stage_forced',
        subject: { kind: 'model_version', id: versionId },
        data: { modelId, versionId, number, from: move.from, to: move.to, by: memberOf(ctx) },
        before: { stage: move.from },
        after: { stage: move.to, passedOver: { gates: move.gates, approvals: move.approvals } },
        reason,
      });
      await this.life.expireOpen(tx, ctx, model.id, `the version was moved to ${move.to} without it: ${reason}`, versionId);
      await this.moves.enter(tx, ctx, model, version, move, { requestId: null, reason, forced: true });
      return { id: versionId };
    });
  }

  /** Why the request has ended instead, if it has. */
  private async decideIn(tx: Tx, ctx: Ctx, input: Decision): Promise<string | undefined> {
    const held = await this.life.hold(tx, ctx, input.requestId);
    const { request, version, model } = held;
    authorize(ctx, 'registry.approve', model.project);
    if (request.state !== 'AWAITING_APPROVAL')
      throw new DomainError('CONFLICT', `the request is ${request.state}, not awaiting approval`, 'requestId');
    const outdated =
      (await this.life.outdated(held)) ?? (input.decision === 'approved' ? await this.overtaken(tx, held) : undefined);
    if (outdated) {
      await this.life.expire(tx, ctx, held, outdated);
      return outdated;
    }
    const move = this.life.moveOf(held);
    const member = this.decider(ctx, held, move, input.decision);
    await this.write(tx, request.id, member, input);
    const name = await this.hands.nameOf(ctx, member);
    await this.journal.record(tx, ctx, {
      event: `model_version.${input.decision}`,
      subject: { kind: 'stage_request', id: request.id },
      data: { ...requestData(version, request), by: member, name },
      reason: input.comment ?? undefined,
    });
    if (input.decision === 'rejected') await this.life.become(tx, request, 'REJECTED');
    else await this.approved(tx, ctx, held, move);
    return undefined;
  }

  /** Throws FORBIDDEN for who has not the role that the move asks for, SELF_APPROVAL for who had a hand in it. */
  private decider(ctx: Ctx, { request, version, model }: HeldRequest, move: Move, decision: Decision['decision']): string {
    const member = memberOf(ctx);
    // What the audit says was refused.
    const details = { refused: { action: `model_version.${decision}`, subject: { kind: 'stage_request', id: request.id } } };
    if (!member || ctx.principal.kind !== 'member')
      throw new DomainError('FORBIDDEN', 'only a member may decide, in person', undefined, details);
    if (!hasRole(ctx, move.approverRole, model.project)) {
      const only = `the flow of ${model.name} lets only ${move.approverRole}s decide on ${move.to}`;
      throw new DomainError('FORBIDDEN', only, undefined, details);
    }
    const barred = [...request.barred, request.memberId, version.trainedBy];
    if (!move.askerMayApprove && barred.includes(member))
      throw new DomainError(
        'SELF_APPROVAL',
        'who asked for the stage, or answers for the training, may not decide on it; another approver must',
        'requestId',
        details,
      );
    return member;
  }

  private async write(tx: Tx, requestId: string, memberId: string, { decision, comment }: Decision): Promise<void> {
    const row = { id: newId('approval'), requestId, memberId, decision, comment: comment ?? null };
    if (!(await this.requests.addApproval(tx, row)))
      throw new DomainError('CONFLICT', 'you have decided on this request already', 'requestId');
  }

  /** Gates that look at the champion are evaluated once more; what other gates said was said beside the version that stood there. */
  private async overtaken(tx: Tx, held: HeldRequest): Promise<string | undefined> {
    const { request, model } = held;
    const champion = await this.store.holder(tx, model.id, request.stage);
    if (champion && needsChampion(this.life.moveOf(held).gates)) return undefined;
    return (champion?.id ?? null) === request.championId
      ? undefined
      : 'another version has come into the stage since the gates were evaluated';
  }

  private async approved(tx: Tx, ctx: Ctx, held: HeldRequest, move: Move): Promise<void> {
    const { request, model } = held;
    if (!(await this.life.isApproved(tx, held, move))) return;
    const champion = await this.store.holder(tx, model.id, request.stage);
    if (champion && needsChampion(move.gates)) {
      await this.life.become(tx, request, 'RECHECKING');
      return this.life.recheck(tx, ctx, held);
    }
    await this.life.complete(tx, ctx, held, move);
  }
}
