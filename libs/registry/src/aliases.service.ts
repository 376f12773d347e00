import { Injectable } from '@nestjs/common';
import { type Ctx, Journal } from '#access';
import { LabelsStore } from './labels.store.js';
import { checkAlias } from './model/labels.js';
import { stagesOfAlias } from './model/stage-rules.js';
import { howToAsk, RegistryLocks, refusedByFlow, type ModelRef, type VersionRef } from './registry.locks.js';
import { RegistryStore } from './registry.store.js';

/** Use cases of aliases: names that point at one version of their model each. */
@Injectable()
export class AliasesService {
  constructor(
    private readonly locks: RegistryLocks,
    private readonly store: RegistryStore,
    private readonly labels: LabelsStore,
    private readonly journal: Journal,
  ) {}

  /** Points an alias at a version, away from the one before. Throws FORBIDDEN for a protected alias on a version that is not in its stage. */
  async set(ctx: Ctx, ref: VersionRef, alias: string): Promise<{ id: string }> {
    checkAlias(alias);
    return this.locks.version(ctx, ref, async (tx, held) => {
      const { model, version, said } = held;
      const stages = stagesOfAlias(model.flow, alias);
      if (stages && !stages.includes(version.stage))
        throw refusedByFlow(
          'model_version.alias_set',
          { kind: 'model_version', id: version.id },
          `the alias ${alias} of ${model.name} may only point at a version that stands in ${stages.join(' or ')}; version ${version.number} ` +
            `stands in ${version.stage}; ${howToAsk(held, stages[0] ?? alias)}`,
        );
      await this.labels.setAlias(tx, model.id, alias, version.id);
      await this.journal.record(tx, ctx, {
        event: 'model_version.alias_set',
        subject: { kind: 'model_version', id: version.id },
        data: { ...said, alias },
      });
    });
  }

  /** Removes an alias; nothing happens when there is none. */
  async remove(ctx: Ctx, ref: ModelRef, alias: string): Promise<{ id: string }> {
    return this.locks.model(ctx, ref, async (tx, { model, named }) => {
      const versionId = await this.labels.deleteAlias(tx, model.id, alias);
      if (!versionId) return { id: model.id };
      const { number } = (await this.store.version(tx, ctx.workspaceId, versionId))!;
      await this.journal.record(tx, ctx, {
        event: 'model_version.alias_removed',
        subject: { kind: 'model_version', id: versionId },
        data: { ...named, versionId, number, alias },
      });
      return { id: model.id };
    });
  }
}
