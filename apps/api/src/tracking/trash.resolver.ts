import { Args, Field, Float, ID, Int, Mutation, ObjectType, Query, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { StorageView } from '#storage';
import { TrashService } from '#tracking';
import { Asker } from '../graphql/graph-context.js';
import { mutate, Payload } from '../graphql/payload.js';

@ObjectType()
export class PurgePayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'What is gone, or on its way.' }) id?: string;
}

@ObjectType({ description: 'What one turn of the collection removed for good.' })
export class CollectionType {
  @Field() at!: Date;
  @Field(() => Int) runs!: number;
  @Field(() => Int) experiments!: number;
  @Field(() => Int) loggedModels!: number;
  @Field(() => Int) blobs!: number;
  @Field(() => Float) bytes!: number;
  @Field(() => Int, {
    description: 'Runs and logged models that were due and stay, since a model version or a training job stands on them.',
  })
  kept!: number;
}

@ObjectType({ description: 'What the workspace keeps, and what waits for its end.' })
export class StorageType {
  @Field(() => Int, { description: 'Different contents.' }) blobs!: number;
  @Field(() => Float) bytes!: number;
  @Field(() => Int) trashedRuns!: number;
  @Field(() => Int) trashedExperiments!: number;
  @Field(() => CollectionType, { nullable: true }) lastCollection?: CollectionType;
}

/** The end of what was deleted. */
@Resolver()
export class TrashResolver {
  constructor(
    private readonly trash: TrashService,
    private readonly storageView: StorageView,
  ) {}

  @Query(() => StorageType)
  @Requires('tracking.read')
  async storage(@Asker() ctx: Ctx): Promise<StorageType> {
    const [usage, trashed, lastCollection] = await Promise.all([
      this.storageView.usage(ctx.workspaceId),
      this.trash.trashed(ctx),
      this.storageView.lastCollection(ctx.workspaceId),
    ]);
    return { ...usage, trashedRuns: trashed.runs, trashedExperiments: trashed.experiments, lastCollection };
  }

  @Mutation(() => PurgePayload, { description: 'Removes a run from the trash, for good.' })
  @Requires('tracking.write')
  purgeRun(@Asker() ctx: Ctx, @Args('runId', { type: () => ID }) id: string) {
    return mutate(() => this.trash.purgeRun(ctx, id));
  }

  @Mutation(() => PurgePayload, { description: 'Removes an experiment from the trash, for good, with all that is in it.' })
  @Requires('tracking.write')
  purgeExperiment(@Asker() ctx: Ctx, @Args('experimentId', { type: () => ID }) id: string) {
    return mutate(() => this.trash.purgeExperiment(ctx, id));
  }
}
