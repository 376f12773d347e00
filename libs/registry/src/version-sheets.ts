import { Injectable } from '@nestjs/common';
import { allows, type Ctx } from '#access';
import { DomainError } from '#kernel';
import { DatasetReads } from '#reads/datasets';
import { TrackingReads } from '#reads/tracking';
import { cardOf } from './model/card.js';
import { measuredFigures } from './model/figures.js';
import type { VersionSheet } from './model/sheet.js';
import { diffOf, type VersionDiff } from './model/version-diff.js';
import { noVersion } from './registry.locks.js';
import { RegistryView, type ModelVersionRow } from './registry.view.js';

/** Versions as a whole: their cards, and what tells two of them apart. */
@Injectable()
export class VersionSheets {
  constructor(
    private readonly view: RegistryView,
    private readonly tracking: TrackingReads,
    private readonly datasets: DatasetReads,
  ) {}

  /** Throws NOT_FOUND for a version that the caller may not read. */
  async card(ctx: Ctx, versionId: string): Promise<string> {
    const [version] = await this.view.versionsByIds(ctx, [versionId]);
    if (!version) throw noVersion({ id: versionId });
    return cardOf(await this.sheet(ctx, version), version.card);
  }

  /** Throws NOT_FOUND for a version that the caller may not read, BAD_INPUT for one and the same. */
  async diff(ctx: Ctx, a: string, b: string): Promise<VersionDiff> {
    if (a === b) throw new DomainError('BAD_INPUT', 'a version does not differ from itself; name two', 'b');
    const rows = new Map((await this.view.versionsByIds(ctx, [a, b])).map((row) => [row.id, row]));
    const [one, other] = [a, b].map((id) => {
      const row = rows.get(id);
      if (!row) throw noVersion({ id });
      return row;
    });
    return diffOf(await this.sheet(ctx, one!), await this.sheet(ctx, other!));
  }

  private async sheet(ctx: Ctx, version: ModelVersionRow): Promise<VersionSheet> {
    const { id, runId, datasetVersionId, evaluation, scan, number, stage, description, createdAt, manifest } = version;
    const [[model], tags, aliases, run, data] = await Promise.all([
      this.view.modelsByIds(ctx, [version.modelId]),
      this.view.tagsByVersions([id]),
      this.view.aliasesByVersions([id]),
      runId ? this.tracking.runSheet(ctx.workspaceId, runId) : null,
      datasetVersionId ? this.datasets.sheet(ctx.workspaceId, datasetVersionId) : null,
    ]);
    if (!model) throw noVersion({ id });
    return {
      model,
      number,
      stage,
      description,
      createdAt,
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
      aliases: aliases.map(({ alias }) => alias),
      // What the caller may not read of other projects is not in it.
      run: run && allows(ctx, 'tracking.read', run.project) ? run : null,
      data: data && allows(ctx, 'dataset.read', data.project) ? data : null,
      measured: evaluation ? measuredFigures(evaluation) : {},
      signature: version.signature ?? scan?.signature ?? null,
      example: evaluation?.example ?? scan?.example ?? null,
      manifest,
      scan,
    };
  }
}
