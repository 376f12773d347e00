import { Injectable } from '@nestjs/common';
import { checkName, type Ctx, Journal } from '#access';
import type { Tx } from '#database';
import { DomainError } from '#kernel';
import { LabelsStore } from './labels.store.js';
import { checkDescription, checkTags } from './model/labels.js';
import { guardedStages } from './model/stage-rules.js';
import { nameTaken, type NameRule } from './models.service.js';
import { RegistryLocks, refusedByFlow, type HeldModel, type ModelRef } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { StaysStore } from './stays.store.js';
import { splitTags, type TagPatch } from './model/tag-patch.js';

export interface ModelPatch {
  readonly name?: string | null;
  readonly description?: string | null;
  readonly tags?: TagPatch;
}

/** Use cases that change and delete models. */
@Injectable()
export class ModelChangesService {
  constructor(
    private readonly locks: RegistryLocks,
    private readonly store: RegistryStore,
    private readonly labels: LabelsStore,
    private readonly stays: StaysStore,
    private readonly journal: Journal,
  ) {}

  /** Renames, describes, sets and removes tags; what the patch does not name stays. Throws CONFLICT when the new name is taken. */
  async update(ctx: Ctx, ref: ModelRef, patch: ModelPatch, nameRule: NameRule = checkName): Promise<{ id: string }> {
    if (typeof patch.name === 'string') nameRule(patch.name);
    checkDescription(patch.description ?? '');
    checkTags(patch.tags ?? {});
    return this.locks.model(ctx, ref, async (tx, held) => {
      if (typeof patch.name === 'string' || typeof patch.description === 'string') await this.setIn(tx, ctx, held, patch);
      if (patch.tags) await this.tagIn(tx, ctx, held, patch.tags);
      return { id: held.model.id };
    });
  }

  /**
   * Deletes a model with its versions; what was decided on them stays in the audit. Throws FORBIDDEN while a version stands in a guarded stage,
   * CONFLICT while an endpoint follows the model.
   */
  async delete(ctx: Ctx, ref: ModelRef): Promise<{ id: string }> {
    return this.locks.model(ctx, ref, async (tx, held) => {
      const { model, named } = held;
      const subject = { kind: 'model', id: model.id };
      const [standing] = await this.store.inStages(tx, model.id, guardedStages(model.flow));
      if (standing)
        throw refusedByFlow(
          'model.deleted',
          subject,
          `version ${standing.number} of ${model.name} stands in ${standing.stage}, which has gates or approvals; ` +
            'move it elsewhere, to archived say, before the model is deleted',
        );
      await this.stays.leaveAll(tx, model.id, ctx.authId);
      if (!(await this.store.deleteModel(tx, model.id)))
        throw new DomainError('CONFLICT', `an endpoint serves the model ${model.name}, so it cannot be deleted`, 'modelId');
      await this.journal.record(tx, ctx, {
        event: 'model.deleted',
        subject,
        data: { ...named, project: model.project },
        before: { name: model.name, project: model.project, description: model.description, lastNumber: model.lastNumber },
      });
      return { id: model.id };
    });
  }

  private async setIn(tx: Tx, ctx: Ctx, { model, named }: HeldModel, patch: ModelPatch): Promise<void> {
    const change = { name: patch.name ?? undefined, description: patch.description ?? undefined };
    if (!(await this.store.setModel(tx, model.id, change))) throw nameTaken(patch.name!);
    const name = patch.name ?? model.name;
    await this.journal.record(tx, ctx, {
      event: 'model.updated',
      subject: { kind: 'model', id: model.id },
      data: { ...named, name, ...(name === model.name ? {} : { previousName: model.name }) },
      before: { name: model.name, description: model.description },
      after: change,
    });
  }

  private async tagIn(tx: Tx, ctx: Ctx, { model, named }: HeldModel, tags: TagPatch): Promise<void> {
    const { set, remove } = splitTags(tags);
    const subject = { kind: 'model', id: model.id };
    await this.labels.setModelTags(tx, model.id, set);
    for (const [key, value] of Object.entries(set))
      await this.journal.record(tx, ctx, { event: 'model.tag_set', subject, data: { ...named, key, value } });
    for (const key of await this.labels.deleteModelTags(tx, model.id, remove))
      await this.journal.record(tx, ctx, { event: 'model.tag_removed', subject, data: { ...named, key } });
  }
}
