import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { JobsService, TemplatesService, TrainingView, type TemplateRow, type TrainingJobRow } from '#training';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { DatasetType, DatasetVersionType } from '../datasets/datasets.types.js';
import { ModelVersionType } from '../registry/registry.types.js';
import { RunType } from '../tracking/tracking.types.js';
import {
  CreateTemplateInput,
  StartTrainingInput,
  TemplateConnection,
  TemplateFilter,
  TemplatePayload,
  TemplateType,
  TrainingAttemptType,
  TrainingJobConnection,
  TrainingJobFilter,
  TrainingJobPayload,
  TrainingJobType,
  UpdateTemplateInput,
} from './training.types.js';

@Resolver(() => TemplateType)
export class TemplatesResolver {
  constructor(
    private readonly service: TemplatesService,
    private readonly view: TrainingView,
  ) {}

  @Query(() => TemplateConnection)
  @Requires('training.read')
  async trainingTemplates(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: TemplateFilter) {
    return toConnection(await this.view.templates(ctx, where ?? {}, page), page.after);
  }

  @Mutation(() => TemplatePayload)
  @Requires('training.write')
  createTrainingTemplate(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateTemplateInput) {
    return mutate(async () => ({ template: await load.template.load((await this.service.create(ctx, input)).id) }));
  }

  @Mutation(() => TemplatePayload, { description: 'A new revision of the spec; jobs that were made keep theirs.' })
  @Requires('training.write')
  updateTrainingTemplate(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: UpdateTemplateInput) {
    return mutate(async () => ({
      template: await load.template.load((await this.service.update(ctx, input.templateId, input.spec)).id),
    }));
  }

  @ResolveField(() => DatasetType)
  dataset(@Parent() template: TemplateRow, @Load() load: Loaders) {
    return load.dataset.load(template.datasetId);
  }
}

@Resolver(() => TrainingJobType)
export class TrainingJobsResolver {
  constructor(
    private readonly service: JobsService,
    private readonly view: TrainingView,
  ) {}

  @Query(() => TrainingJobConnection)
  @Requires('training.read')
  async trainingJobs(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: TrainingJobFilter) {
    return toConnection(await this.view.jobs(ctx, where ?? {}, page), page.after);
  }

  @Query(() => TrainingJobType, { nullable: true })
  @Requires('training.read')
  trainingJob(@Load() load: Loaders, @Args('id', { type: () => ID }) id: string) {
    return load.job.load(id);
  }

  @Mutation(() => TrainingJobPayload)
  @Requires('training.write')
  startTraining(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: StartTrainingInput) {
    return mutate(async () => ({ trainingJob: await load.job.load((await this.service.start(ctx, input)).id) }));
  }

  @Mutation(() => TrainingJobPayload, { description: 'A queued job ends at once; a running one at its next heartbeat.' })
  @Requires('training.write')
  cancelTraining(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('jobId', { type: () => ID }) jobId: string) {
    return mutate(async () => ({ trainingJob: await load.job.load((await this.service.cancel(ctx, jobId)).id) }));
  }

  @ResolveField(() => TemplateType)
  template(@Parent() job: TrainingJobRow, @Load() load: Loaders) {
    return load.template.load(job.templateId);
  }

  @ResolveField(() => DatasetVersionType)
  datasetVersion(@Parent() job: TrainingJobRow, @Load() load: Loaders) {
    return load.datasetVersion.load(job.datasetVersionId);
  }

  @ResolveField(() => RunType)
  run(@Parent() job: TrainingJobRow, @Load() load: Loaders) {
    return load.run.load(job.runId);
  }

  @ResolveField(() => [TrainingAttemptType])
  attempts(@Parent() job: TrainingJobRow, @Load() load: Loaders) {
    return load.attempts.load(job.id);
  }

  @ResolveField(() => [ModelVersionType], { description: 'Versions that were registered from its run.' })
  modelVersions(@Parent() job: TrainingJobRow, @Load() load: Loaders) {
    return load.versionsOfRun.load(job.runId);
  }
}
