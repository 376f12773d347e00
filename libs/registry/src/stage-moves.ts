import { Injectable } from '@nestjs/common';
import { Journal, type Ctx } from '#access';
import type { Stage } from '#contracts';
import type { Tx } from '#database';
import { DomainError } from '#kernel';
import { LabelsStore } from './labels.store.js';
import { stagesOfAlias } from './model/stage-rules.js';
import type { ModelEntity, ModelVersionEntity } from './registry.entities.js';
import { RegistryStore } from './registry.store.js';

/** The move itself, whoever decided on it: compare-and-set, its event, and the aliases that the version may not keep. */
@Injectable()
export class StageMoves {
  constructor(
    private readonly store: RegistryStore,
    private readonly labels: LabelsStore,
    private readonly journal: Journal,
  ) {}

  /** Moves a version into a stage; the holder of a stage that holds one goes to `archived`. */
  async enter(
    tx: Tx,
    ctx: Ctx,
    model: ModelEntity,
    version: ModelVersionEntity,
    stage: Stage,
    requestId: string | null,
  ): Promise<void> {
    const holder = stage.holds === 'one' ? await this.store.holder(tx, model.id, stage.name) : null;
    if (holder) await this.step(tx, ctx, model, holder, 'archived', undefined, requestId);
    await this.step(tx, ctx, model, version, stage.name, stage, requestId);
    await this.store.touchModel(tx, model.id);
  }

  async step(
    tx: Tx,
    ctx: Ctx,
    model: ModelEntity,
    version: ModelVersionEntity,
    to: string,
    stage: Stage | undefined,
    requestId: string | null,
  ): Promise<void> {
    const from = version.stage;
    if (!(await this.store.moveVersion(tx, version.id, from, to, stage)))
      throw new DomainError('CONFLICT', 'the version has moved meanwhile; load it anew', 'versionId');
    const { modelId, id: versionId, number } = version;
    await this.dropAliases(tx, ctx, model, version, to);
    await this.journal.record(tx, ctx, {
      event: 'model_version.stage_changed',
      subject: { kind: 'model_version', id: versionId },
      data: { modelId, versionId, number, from, to, requestId },
      before: { stage: from },
      after: { stage: to },
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
