import { Injectable } from '@nestjs/common';
import { Journal, type Ctx } from '#access';
import { ARCHIVED } from '#contracts';
import type { Tx } from '#database';
import { DomainError } from '#kernel';
import { LabelsStore } from './labels.store.js';
import { stagesOfAlias, type Move } from './model/stage-rules.js';
import type { ModelEntity, ModelVersionEntity } from './registry.entities.js';
import { RegistryStore } from './registry.store.js';
import { StaysStore } from './stays.store.js';

/** How a move came about. */
export interface Cause {
  readonly requestId: string | null;
  readonly reason: string | null;
  /** Who decided, where that is not who acts now: the job that looks at the gates once more moves for the approver. */
  readonly by?: string;
  /** Past gates and approvals. */
  readonly forced?: boolean;
}

interface Step {
  readonly to: string;
  readonly holds: 'one' | 'many';
  readonly at: string;
}

/** The move itself, whoever decided on it: compare-and-set, its event, and the aliases that the version may not keep. */
@Injectable()
export class StageMoves {
  constructor(
    private readonly store: RegistryStore,
    private readonly stays: StaysStore,
    private readonly labels: LabelsStore,
    private readonly journal: Journal,
  ) {}

  /** Moves a version of a locked model into a stage; the holder of a stage that holds one goes to `archived` at the same moment. */
  async enter(tx: Tx, ctx: Ctx, model: ModelEntity, version: ModelVersionEntity, move: Move, cause: Cause): Promise<void> {
    const { to, holds } = move;
    const at = await this.stays.now(tx);
    const holder = holds === 'one' ? await this.store.holder(tx, model.id, to) : null;
    if (holder) {
      const replaced = { ...cause, reason: `replaced by version ${version.number}`, forced: false };
      await this.step(tx, ctx, model, holder, { to: ARCHIVED, holds: 'many', at }, replaced);
    }
    await this.step(tx, ctx, model, version, { to, holds, at }, cause);
    await this.store.touchModel(tx, model.id);
  }

  /** Ends the stay of a version that is deleted. */
  async leave(tx: Tx, ctx: Ctx, version: ModelVersionEntity): Promise<void> {
    await this.stays.leave(tx, version.id, ctx.authId, await this.stays.now(tx));
  }

  private async step(tx: Tx, ctx: Ctx, model: ModelEntity, version: ModelVersionEntity, step: Step, cause: Cause): Promise<void> {
    const { stage: from, modelId, id: versionId, number } = version;
    const { to, holds, at } = step;
    const { requestId, reason, by = ctx.authId, forced = false } = cause;
    if (!(await this.store.moveVersion(tx, versionId, from, to, holds)))
      throw new DomainError('CONFLICT', 'the version has moved meanwhile; load it anew', 'versionId');
    await this.stays.leave(tx, versionId, by, at);
    const entry = {
      workspaceId: ctx.workspaceId,
      modelId,
      versionId,
      number,
      stage: to,
      by,
      requestId,
      reason,
      forced,
    };
    await this.stays.enter(tx, entry, at);
    await this.dropAliases(tx, ctx, model, version, to);
    await this.journal.record(tx, ctx, {
      event: 'model_version.stage_changed',
      subject: { kind: 'model_version', id: versionId },
      data: { modelId, versionId, number, from, to, requestId },
      before: { stage: from },
      after: { stage: to },
      reason: reason ?? undefined,
    });
  }

  /** A protected alias never points at a version that has left its stage. */
  private async dropAliases(tx: Tx, ctx: Ctx, model: ModelEntity, version: ModelVersionEntity, to: string): Promise<void> {
    for (const alias of await this.labels.aliasesOf(tx, version.id)) {
      const stages = stagesOfAlias(model.flow, alias);
      if (!stages || stages.includes(to)) continue;
      await this.labels.deleteAlias(tx, model.id, alias);
      const prompt = await this.labels.isPrompt(tx, model.id);
      await this.journal.record(tx, ctx, {
        event: 'model_version.alias_removed',
        subject: { kind: 'model_version', id: version.id },
        data: { modelId: model.id, versionId: version.id, number: version.number, name: model.name, prompt, alias },
      });
    }
  }
}
