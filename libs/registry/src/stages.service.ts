import { Injectable } from '@nestjs/common';
import type { Ctx } from '#access';
import type { Tx } from '#database';
import { NO_STAGE } from '#contracts';
import { isDomainError } from '#kernel';
import { guardedStages, isGuarded, moveFor, type Move } from './model/stage-rules.js';
import { howToAsk, RegistryLocks, refusedByFlow, type HeldVersion, type VersionRef } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { StageMoves } from './stage-moves.js';

const OPENLY = { requestId: null, reason: null };

/** Use case of moving a version at once, where nobody has to be asked. */
@Injectable()
export class StagesService {
  constructor(
    private readonly locks: RegistryLocks,
    private readonly store: RegistryStore,
    private readonly moves: StageMoves,
  ) {}

  /**
   * Moves a version to a stage without gates and approvals; with `archiveOthers`, those that stand there go to `archived`. A version that is there
   * stays. Throws FORBIDDEN for a guarded stage and for a move that the flow does not have, BAD_INPUT for a stage that it does not have.
   */
  async move(ctx: Ctx, ref: VersionRef, input: { stage: string; archiveOthers?: boolean }): Promise<{ id: string }> {
    return this.locks.version(ctx, ref, async (tx, held) => {
      const { model, version } = held;
      const stays = version.stage === input.stage;
      if (!stays) {
        await this.moves.enter(tx, ctx, model, version, this.openMove(held, input.stage), OPENLY);
      }
      if (input.archiveOthers) await this.archiveOthers(tx, ctx, held, input.stage);
    });
  }

  private openMove(held: HeldVersion, to: string): Move {
    const { model, version } = held;
    const refuse = (why: string) =>
      refusedByFlow('model_version.stage_changed', { kind: 'model_version', id: version.id }, `model ${model.name}: ${why}`);
    if (to === NO_STAGE && !model.flow.stages.some(({ name }) => name === to)) throw refuse('no version goes back to none');
    try {
      const move = moveFor(model.flow, version.stage, to);
      if (!isGuarded(move)) return move;
    } catch (error) {
      if (!isDomainError(error) || error.details?.['reason'] !== 'NO_SUCH_MOVE') throw error;
      const guarded = guardedStages(model.flow);
      const ask = guarded[0] ? `; for a stage with gates, ${howToAsk(held, guarded[0])}` : '';
      throw refuse(`${error.message}${ask}`);
    }
    throw refuse(`the stage ${to} has gates or approvals, so no version is moved there directly; ${howToAsk(held, to)}`);
  }

  private async archiveOthers(tx: Tx, ctx: Ctx, held: HeldVersion, stage: string): Promise<void> {
    const { model } = held;
    for (const other of await this.store.inStages(tx, model.id, [stage]))
      if (other.id !== held.version.id)
        await this.moves.enter(tx, ctx, model, other, this.openMove({ ...held, version: other }, 'archived'), OPENLY);
  }
}
