import { Args, Field, ID, Mutation, ObjectType, Query, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { DatasetsView, DriftService } from '#datasets';
import { Requires } from '#host';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate, Payload } from '../graphql/payload.js';
import { DatasetVersionType } from './datasets.types.js';
import { CompareDatasetVersionsInput, DriftReportType } from './drift.types.js';

@ObjectType()
export class CompareDatasetVersionsPayload extends Payload {
  @Field(() => DatasetVersionType, { nullable: true }) datasetVersion?: DatasetVersionType;
}

/** Comparisons of data set versions. */
@Resolver()
export class DriftResolver {
  constructor(
    private readonly service: DriftService,
    private readonly view: DatasetsView,
  ) {}

  @Query(() => [DriftReportType], { description: 'Reports of a version against others, newest first; at most 100.' })
  @Requires('dataset.read')
  async datasetComparisons(
    @Asker() ctx: Ctx,
    @Args('versionId', { type: () => ID }) versionId: string,
    @Args('againstId', { type: () => ID, nullable: true }) againstId?: string,
  ) {
    return (await this.view.comparisons(ctx, versionId, againstId)).map(({ report }) => report);
  }

  @Mutation(() => CompareDatasetVersionsPayload, {
    description:
      'Has a version compared with any other; a job does it, and the event dataset_version.compared says when it is done.',
  })
  @Requires('dataset.write')
  compareDatasetVersions(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CompareDatasetVersionsInput) {
    return mutate(async () => ({ datasetVersion: await load.datasetVersion.load((await this.service.request(ctx, input)).id) }));
  }
}
