import { Injectable } from '@nestjs/common';
import { authorize, type Ctx } from '#access';
import { UnitOfWork, type Tx } from '#database';
import { DomainError } from '#kernel';
import { LabelsStore } from './labels.store.js';
import type { ModelEntity, ModelVersionEntity } from './registry.entities.js';
import { isNumber } from './model/labels.js';
import { RegistryStore } from './registry.store.js';

/** A model by id, or by its name in the caller's workspace. */
export type ModelRef = { readonly id: string } | { readonly name: string };
/** A version by id, or by its model's name and its number. */
export type VersionRef = { readonly id: string } | { readonly model: string; readonly number: number };

/** A model that this transaction has locked, and what its events say of it. */
export interface HeldModel {
  readonly model: ModelEntity;
  readonly named: { readonly modelId: string; readonly name: string; readonly prompt: boolean };
}
export interface HeldVersion extends HeldModel {
  readonly version: ModelVersionEntity;
  readonly said: { readonly versionId: string; readonly number: number } & HeldModel['named'];
}

/** Opens the transactions of changes to a model: finds it, locks it, and checks the caller's rights on its project. */
@Injectable()
export class RegistryLocks {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RegistryStore,
    private readonly labels: LabelsStore,
  ) {}

  /** Throws NOT_FOUND, FORBIDDEN. */
  model<T>(ctx: Ctx, ref: ModelRef, work: (tx: Tx, held: HeldModel) => Promise<T>): Promise<T> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const model = await this.lock(tx, ctx, ref);
      return work(tx, { model, named: await this.named(tx, model) });
    });
  }

  /** Throws NOT_FOUND also for a version that was deleted. */
  async version(ctx: Ctx, ref: VersionRef, work: (tx: Tx, held: HeldVersion) => Promise<void>): Promise<{ id: string }> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const held = await this.holdVersion(tx, ctx, ref);
      await work(tx, held);
      return { id: held.version.id };
    });
  }

  private async lock(tx: Tx, ctx: Ctx, ref: ModelRef): Promise<ModelEntity> {
    const model = await this.store.lockModel(tx, ctx.workspaceId, ref);
    if (!model) throw noModel(ref);
    authorize(ctx, 'registry.write', model.project);
    return model;
  }

  private async named(tx: Tx, { id, name }: ModelEntity): Promise<HeldModel['named']> {
    return { modelId: id, name, prompt: await this.labels.isPrompt(tx, id) };
  }

  private async holdVersion(tx: Tx, ctx: Ctx, ref: VersionRef): Promise<HeldVersion> {
    const known = 'id' in ref ? await this.store.version(tx, ctx.workspaceId, ref.id) : undefined;
    if (known === null) throw noVersion(ref);
    const model = await this.lock(tx, ctx, 'id' in ref ? { id: known!.modelId } : { name: ref.model });
    const [named, version] = await Promise.all([this.named(tx, model), this.find(tx, ctx, model.id, ref)]);
    if (!version || version.deletedAt) throw noVersion(ref);
    return { model, named, version, said: { versionId: version.id, number: version.number, ...named } };
  }

  private find(tx: Tx, ctx: Ctx, modelId: string, ref: VersionRef): Promise<ModelVersionEntity | null> {
    if ('id' in ref) return this.store.version(tx, ctx.workspaceId, ref.id);
    return isNumber(ref.number) ? this.store.versionByNumber(tx, modelId, ref.number) : Promise.resolve(null);
  }
}

/** FORBIDDEN: what the model's stages do not allow, whoever asks. */
export function refusedByFlow(
  action: string,
  subject: { readonly kind: string; readonly id: string },
  message: string,
): DomainError {
  return new DomainError('FORBIDDEN', message, 'stage', {
    reason: 'STAGE_GUARDED',
    // What the audit says was refused.
    refused: { action, subject },
  });
}

/** How a version comes to a guarded stage. */
export function howToAsk(held: HeldVersion, stage: string): string {
  const { version, model } = held;
  const name = /^[\w.-]+$/.test(model.name) ? model.name : `'${model.name}'`;
  return (
    `open a stage request instead: GraphQL requestStage(input: { versionId: "${version.id}", stage: "${stage}" }), ` +
    `or tailrace model promote ${name} ${version.number} --to ${stage}`
  );
}

export function noModel(ref: ModelRef): DomainError {
  const what = 'id' in ref ? ref.id : ref.name;
  return new DomainError('NOT_FOUND', `there is no model ${what}`, 'modelId', { reason: 'NO_MODEL', name: what });
}

export function noVersion(ref: VersionRef): DomainError {
  const what = 'id' in ref ? ref.id : `${ref.number} of ${ref.model}`;
  const named = 'id' in ref ? { name: ref.id } : { name: ref.model, number: ref.number };
  return new DomainError('NOT_FOUND', `there is no model version ${what}`, 'versionId', { reason: 'NO_VERSION', ...named });
}
