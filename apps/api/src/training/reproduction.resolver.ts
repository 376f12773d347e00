import { Args, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { ReproductionsService, type Figure, type MetricComparison, type ReproductionRow } from '#training';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { RunType } from '../tracking/tracking.types.js';
import { ReproduceRunInput, ReproductionType } from './reproduction.types.js';
import { TrainingJobPayload } from './training.types.js';

@Resolver(() => ReproductionType)
export class ReproductionsResolver {
  constructor(private readonly service: ReproductionsService) {}

  @Mutation(() => TrainingJobPayload, {
    description:
      'Trains once more what a run was trained on, by the spec that it used; registers nothing. What came of it is the `reproduction` of the new run.',
  })
  @Requires('training.write')
  reproduceRun(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: ReproduceRunInput) {
    return mutate(async () => ({ trainingJob: await load.job.load((await this.service.start(ctx, input)).id) }));
  }

  @ResolveField(() => RunType, { nullable: true, description: 'The run that was done anew.' })
  original(@Parent() row: Shown, @Load() load: Loaders) {
    return load.run.load(row.originalRunId);
  }
}

@Resolver(() => RunType)
export class ReproductionOfRunResolver {
  @ResolveField(() => ReproductionType, {
    nullable: true,
    description: 'How it compares with the run that it does anew; null for any other run.',
  })
  async reproduction(@Parent() run: { id: string }, @Load() load: Loaders) {
    const [row] = await load.reproduction.load(run.id);
    return row ? shown(row) : null;
  }
}

type Shown = ReturnType<typeof shown>;

function shown({ report, tolerance, ...row }: ReproductionRow) {
  return {
    ...row,
    tolerance: { ...tolerance, metrics: Object.entries(tolerance.metrics).map(([key, absolute]) => ({ key, absolute })) },
    metrics: (report?.metrics ?? []).map(shownMetric),
    weightsEqual: report?.weightsEqual ?? null,
    differences: report?.differences ?? [],
  };
}

function shownMetric(metric: MetricComparison) {
  const { original, reproduced, difference } = metric;
  return {
    ...metric,
    original: numberOf(original),
    originalText: textOf(original),
    reproduced: numberOf(reproduced),
    reproducedText: textOf(reproduced),
    difference: numberOf(difference),
  };
}

const numberOf = (figure: Figure | null): number | null => (typeof figure === 'number' ? figure : null);
const textOf = (figure: Figure | null): string | null => (figure === null ? null : String(figure));
