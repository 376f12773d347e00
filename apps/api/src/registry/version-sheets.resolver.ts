import { Args, ID, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { VersionSheets, type ModelVersionRow } from '#registry';
import { VersionTrafficType } from '../deployment/deployment.types.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import { ModelVersionType } from './registry.types.js';
import { ModelFileType, ModelVersionDiffType } from './version-sheets.types.js';

/** What a version is as a whole, and what tells two of them apart. */
@Resolver(() => ModelVersionType)
export class VersionSheetsResolver {
  constructor(private readonly sheets: VersionSheets) {}

  @Query(() => String, {
    description: 'The model card as Markdown: what the run, the data and the figures say, and what people wrote.',
  })
  @Requires('registry.read')
  modelCard(@Asker() ctx: Ctx, @Args('versionId', { type: () => ID }) versionId: string) {
    return this.sheets.card(ctx, versionId);
  }

  @Query(() => ModelVersionDiffType)
  @Requires('registry.read')
  async modelVersionDiff(@Asker() ctx: Ctx, @Args('a', { type: () => ID }) a: string, @Args('b', { type: () => ID }) b: string) {
    const { bytes, ...diff } = await this.sheets.diff(ctx, a, b);
    return { ...diff, bytes: { key: 'bytes', ...bytes } };
  }

  @ResolveField(() => VersionTrafficType, { nullable: true, description: 'Null for a version that has answered nothing yet.' })
  async production(@Parent() version: ModelVersionRow, @Load() load: Loaders) {
    return (await load.traffic.load(version.id))[0];
  }

  @ResolveField(() => [ModelFileType])
  files(@Parent() { manifest, files }: ModelVersionRow) {
    if (manifest) return manifest.map(({ path, sha256, size }) => ({ name: path, blob: sha256, size }));
    return Object.entries(files).map(([name, blob]) => ({ name, blob }));
  }

  @ResolveField(() => JsonScalar, {
    nullable: true,
    description:
      'Raw inputs and outputs; measured by the platform, or else as the files themselves say. Null when neither is known.',
  })
  signature(@Parent() { signature, scan }: ModelVersionRow) {
    return signature ?? scan?.signature;
  }

  @ResolveField(() => JsonScalar, {
    nullable: true,
    description:
      "A row as callers send it, with the answer where the platform has measured it; else the example in the files, in MLflow's form.",
  })
  example(@Parent() version: ModelVersionRow) {
    return version.evaluation?.example ?? version.scan?.example;
  }
}
