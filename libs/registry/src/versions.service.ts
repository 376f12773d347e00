import { Injectable } from '@nestjs/common';
import { type Ctx, Journal } from '#access';
import type { Tx } from '#database';
import { newId } from '#kernel';
import { LabelsStore } from './labels.store.js';
import { checkSections, type CardSections } from './model/card.js';
import { checkDescription, checkOrigin, checkTags, saysPrompt } from './model/labels.js';
import { guardedStages } from './model/stage-rules.js';
import { splitTags, type TagPatch } from './model/tag-patch.js';
import { RegistryLocks, refusedByFlow, type HeldVersion, type ModelRef, type VersionRef } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';
import { RequestLife } from './request-life.js';
import { VersionSources } from './version-sources.js';

export interface NewVersion {
  /** Where the files are: `runs:/…`, `models:/…`, `mlflow-artifacts:/…`, or a place elsewhere. */
  readonly source: string;
  readonly runId?: string | null;
  readonly loggedModelId?: string | null;
  readonly runLink?: string | null;
  readonly description?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  /** Name of who made it, as lists show it. */
  readonly userName?: string | null;
}

export interface VersionPatch {
  readonly description?: string | null;
  readonly tags?: TagPatch;
  /** Sections of the model card; an empty one goes. */
  readonly card?: { readonly [S in keyof CardSections]?: string | null };
}

/** Use cases of versions that clients register themselves. */
@Injectable()
export class VersionsService {
  constructor(
    private readonly locks: RegistryLocks,
    private readonly store: RegistryStore,
    private readonly labels: LabelsStore,
    private readonly sources: VersionSources,
    private readonly life: RequestLife,
    private readonly journal: Journal,
  ) {}

  /** The version's number is the next one of its model, for ever. Throws BAD_INPUT for a source that is not allowed. */
  async create(ctx: Ctx, ref: ModelRef, input: NewVersion): Promise<{ id: string; number: number }> {
    const { tags = {}, description, runLink, userName } = input;
    checkTags(tags);
    checkDescription(description ?? '');
    const place = await this.sources.resolve(ctx, { ...input, prompt: saysPrompt(tags) });
    checkOrigin({ ...place, runLink });
    return this.locks.model(ctx, ref, async (tx, { model, named }) => {
      const id = newId('modelVersion');
      const number = model.lastNumber + 1;
      const owner = { id, workspaceId: ctx.workspaceId, modelId: model.id, number, createdBy: ctx.authId };
      const said = { runLink: runLink ?? null, description: description ?? '', userName: userName ?? null };
      await this.store.insertVersion(tx, { ...owner, ...place, ...said, files: {}, signature: null });
      await this.labels.setVersionTags(tx, id, tags);
      const { storageLocation: _, ...from } = place;
      await this.journal.record(tx, ctx, {
        event: 'model_version.created',
        subject: { kind: 'model_version', id },
        data: { ...named, versionId: id, number, ...from, datasetVersionId: null, description: said.description, tags },
      });
      return { id, number };
    });
  }

  /** Describes a version, sets and removes tags; what the patch does not name stays. */
  async update(ctx: Ctx, ref: VersionRef, patch: VersionPatch): Promise<{ id: string }> {
    checkDescription(patch.description ?? '');
    checkTags(patch.tags ?? {});
    checkSections(patch.card ?? {});
    return this.locks.version(ctx, ref, async (tx, held) => {
      if (typeof patch.description === 'string') await this.describeIn(tx, ctx, held, patch.description);
      if (patch.tags) await this.tagIn(tx, ctx, held, patch.tags);
      if (patch.card) await this.cardIn(tx, ctx, held, patch.card);
    });
  }

  /** Takes a version out of every list, and its aliases away. Throws FORBIDDEN while it stands in a guarded stage. */
  async delete(ctx: Ctx, ref: VersionRef): Promise<{ id: string }> {
    return this.locks.version(ctx, ref, async (tx, { model, version, said }) => {
      const subject = { kind: 'model_version', id: version.id };
      if (guardedStages(model.flow).includes(version.stage))
        throw refusedByFlow(
          'model_version.deleted',
          subject,
          `version ${version.number} of ${model.name} stands in ${version.stage}, which has gates or approvals; ` +
            'move it elsewhere, to archived say, before it is deleted',
        );
      for (const alias of await this.labels.aliasesOf(tx, version.id)) {
        await this.labels.deleteAlias(tx, model.id, alias);
        await this.journal.record(tx, ctx, { event: 'model_version.alias_removed', subject, data: { ...said, alias } });
      }
      await this.life.withdraw(tx, ctx, version);
      await this.store.deleteVersion(tx, version);
      await this.journal.record(tx, ctx, {
        event: 'model_version.deleted',
        subject,
        data: said,
        before: { stage: version.stage, source: version.source, description: version.description },
      });
    });
  }

  private async describeIn(tx: Tx, ctx: Ctx, { version, said }: HeldVersion, description: string): Promise<void> {
    await this.store.describeVersion(tx, version.id, description);
    await this.journal.record(tx, ctx, {
      event: 'model_version.updated',
      subject: { kind: 'model_version', id: version.id },
      data: said,
      before: { description: version.description },
      after: { description },
    });
  }

  private async cardIn(
    tx: Tx,
    ctx: Ctx,
    { version, said }: HeldVersion,
    patch: NonNullable<VersionPatch['card']>,
  ): Promise<void> {
    const named = Object.entries(patch).filter(([, text]) => text !== undefined);
    const merged = Object.entries({ ...version.card, ...Object.fromEntries(named) }).filter(([, text]) => text);
    const card = Object.fromEntries(merged) as CardSections;
    await this.store.setCard(tx, version.id, card);
    await this.journal.record(tx, ctx, {
      event: 'model_version.updated',
      subject: { kind: 'model_version', id: version.id },
      data: said,
      before: { card: version.card },
      after: { card },
    });
  }

  private async tagIn(tx: Tx, ctx: Ctx, { version, said }: HeldVersion, tags: TagPatch): Promise<void> {
    const { set, remove } = splitTags(tags);
    const subject = { kind: 'model_version', id: version.id };
    await this.labels.setVersionTags(tx, version.id, set);
    for (const [key, value] of Object.entries(set))
      await this.journal.record(tx, ctx, { event: 'model_version.tag_set', subject, data: { ...said, key, value } });
    for (const key of await this.labels.deleteVersionTags(tx, version.id, remove))
      await this.journal.record(tx, ctx, { event: 'model_version.tag_removed', subject, data: { ...said, key } });
  }
}
