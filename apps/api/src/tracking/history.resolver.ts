import {
  Args,
  Field,
  Float,
  ID,
  InputType,
  Int,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { DomainError } from '#kernel';
import { compare, MetricSeries, pairsOf, RunDetailsView, RunGroups, RunSearch, type Axis, type Sampling } from '#tracking';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { LiveCurves } from './live-curves.js';
import { queryOf } from './run-lists.js';
import { RunFilter, RunViewEnum } from './run-filter.js';
import { requireRun } from './runs.resolver.js';
import { MetricPointType, RunType } from './tracking.types.js';

export enum AxisEnum {
  STEP = 'STEP',
  TIME = 'TIME',
  EPOCH = 'EPOCH',
}
registerEnumType(AxisEnum, {
  name: 'Axis',
  description: 'EPOCH: the value of the metric `epoch` at the same step; a run without it counts its steps.',
});
export enum SamplingEnum {
  MIN_MAX = 'MIN_MAX',
  LTTB = 'LTTB',
}
registerEnumType(SamplingEnum, {
  name: 'Sampling',
  description:
    'MIN_MAX: the lowest and the highest point of each stretch of the axis. LTTB: the points that keep the look of the line.',
});

@InputType()
export class HistoriesInput {
  @Field(() => [ID], { description: 'Up to 100.' }) runIds!: string[];
  @Field(() => [String], { description: 'Up to 20.' }) keys!: string[];
  @Field(() => AxisEnum, { defaultValue: AxisEnum.STEP }) axis!: Axis;
  @Field(() => SamplingEnum, { defaultValue: SamplingEnum.MIN_MAX }) sampling!: Sampling;
  @Field(() => Int, { defaultValue: 500, description: 'Most points of one line, 10 to 5,000.' }) maxPoints!: number;
  @Field(() => Float, { nullable: true, description: 'First x; for TIME, milliseconds since the epoch.' }) from?: number;
  @Field(() => Float, { nullable: true, description: 'Last x.' }) to?: number;
}

@ObjectType()
export class SeriesPointType {
  @Field(() => Float) x!: number;
  @Field(() => Float, { nullable: true, description: 'null for infinities.' }) value!: number | null;
  @Field(() => Float) step!: number;
  @Field(() => Float, { description: 'Milliseconds since the epoch.' }) timestamp!: number;
}

@ObjectType({ description: 'One line of a chart.' })
export class MetricHistoryType {
  @Field(() => ID) runId!: string;
  @Field() key!: string;
  @Field(() => Int, { description: 'Points in the range, before sampling; NaN is none.' }) count!: number;
  @Field(() => [SeriesPointType]) points!: SeriesPointType[];
}

@ObjectType()
export class ComparedText {
  @Field() key!: string;
  @Field(() => [String], { nullable: 'items', description: 'In the order of the runs.' }) values!: (string | null)[];
  @Field() differs!: boolean;
}
@ObjectType()
export class ComparedNumber {
  @Field() key!: string;
  @Field(() => [Float], { nullable: 'items', description: 'In the order of the runs; null also for NaN and infinities.' })
  values!: (number | null)[];
  @Field() differs!: boolean;
}
@ObjectType({ description: 'Runs side by side.' })
export class RunComparison {
  @Field(() => [RunType]) runs!: RunType[];
  @Field(() => [ComparedText]) params!: ComparedText[];
  @Field(() => [ComparedNumber]) metrics!: ComparedNumber[];
}

@InputType({ description: 'Exactly one of param and tag.' })
export class GroupByInput {
  @Field({ nullable: true }) param?: string;
  @Field({ nullable: true }) tag?: string;
}
@ObjectType()
export class MetricSpread {
  @Field() key!: string;
  @Field(() => Float, { nullable: true }) mean!: number | null;
  @Field(() => Float, { nullable: true }) min!: number | null;
  @Field(() => Float, { nullable: true }) max!: number | null;
}
@ObjectType()
export class RunGroupType {
  @Field(() => [String], { nullable: 'items', description: 'In the order of `by`; null where the runs have none.' }) values!: (
    string | null
  )[];
  @Field(() => Int) count!: number;
  @Field(() => [MetricSpread]) metrics!: MetricSpread[];
}

@ObjectType()
export class RunTreeNode {
  @Field(() => RunType) run!: RunType;
  @Field(() => ID) parentId!: string;
  @Field(() => Int) depth!: number;
}

const MOST_BELOW = 1000;
const finite = (value: number) => (Number.isFinite(value) ? value : null);

/** Runs beside each other: lines, tables, groups, trees. */
@Resolver()
export class HistoryResolver {
  constructor(
    private readonly series: MetricSeries,
    private readonly search: RunSearch,
    private readonly details: RunDetailsView,
    private readonly grouping: RunGroups,
    private readonly live: LiveCurves,
  ) {}

  @Query(() => [MetricHistoryType], { description: 'Histories of many runs and metrics for charts, sampled on the server.' })
  @Requires('tracking.read')
  async metricHistories(@Asker() ctx: Ctx, @Args('input') input: HistoriesInput): Promise<MetricHistoryType[]> {
    within(input.runIds.length, 1, 100, 'runIds');
    within(input.keys.length, 1, 20, 'keys');
    within(input.maxPoints, 10, 5000, 'maxPoints');
    const runs = await this.search.byIds(ctx, input.runIds);
    const idOf = new Map(runs.map((run) => [run.num, run.id]));
    const found = await this.series.read(ctx.workspaceId, { ...input, runs: runs.map((run) => run.num) });
    return found.map(({ run, points, ...line }) => ({
      ...line,
      runId: idOf.get(run)!,
      points: points.map((point) => ({ ...point, value: finite(point.value) })),
    }));
  }

  @Query(() => RunComparison, { description: 'Params and latest metrics of up to 100 runs side by side.' })
  @Requires('tracking.read')
  async compareRuns(@Asker() ctx: Ctx, @Args('runIds', { type: () => [ID] }) runIds: string[]): Promise<RunComparison> {
    within(runIds.length, 2, 100, 'runIds');
    const found = new Map((await this.search.byIds(ctx, runIds)).map((run) => [run.id, run]));
    const runs = runIds.flatMap((id) => found.get(id) ?? []);
    const details = await this.details.byRuns(runs);
    const of = runs.map((run) => details.get(run.num)!);
    return {
      runs: runs as unknown as RunType[],
      params: compare(
        of.map(({ params }) => pairsOf(params)),
        (a, b) => a === b,
      ),
      metrics: compare(
        of.map(({ metrics }) => numbersOf(metrics)),
        (a, b) => a === b,
      ),
    };
  }

  @Query(() => [RunGroupType], { description: 'Runs by what they have in common, the largest group first; at most 200 groups.' })
  @Requires('tracking.read')
  runGroups(
    @Asker() ctx: Ctx,
    @Args('by', { type: () => [GroupByInput] }) by: GroupByInput[],
    @Args('where', { nullable: true }) where?: RunFilter,
    @Args('metrics', { type: () => [String], defaultValue: [] }) metrics: string[] = [],
  ) {
    within(by.length, 1, 3, 'by');
    within(metrics.length, 0, 10, 'metrics');
    const keys = by.map(({ param, tag }, i) => {
      if ((param === undefined) === (tag === undefined))
        throw new DomainError('BAD_INPUT', 'name exactly one of param and tag', `by.${i}`);
      return param === undefined ? ({ kind: 'tag', key: tag! } as const) : ({ kind: 'param', key: param } as const);
    });
    return this.grouping.groups(ctx, queryOf(where ?? {}, RunViewEnum.CURRENT), keys, metrics, 200);
  }

  @Query(() => [RunTreeNode], { description: `All runs below one, nearest first; at most ${MOST_BELOW}.` })
  @Requires('tracking.read')
  async runTree(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('runId', { type: () => ID }) runId: string) {
    await requireRun(load, runId);
    const below = await this.grouping.below(ctx.workspaceId, runId, MOST_BELOW);
    const runs = await load.run.loadMany(below.map(({ id }) => id));
    return below.flatMap(({ parentId, depth }, i) =>
      runs[i] && !(runs[i] instanceof Error) ? [{ run: runs[i], parentId, depth }] : [],
    );
  }

  @Subscription(() => [MetricPointType], {
    description: 'Points of a run from after a step on, as they come, in batches; ends when the run has ended.',
    resolve: (points: unknown) => points,
  })
  @Requires('tracking.read')
  async runMetrics(
    @Asker() ctx: Ctx,
    @Load() load: Loaders,
    @Args('runId', { type: () => ID }) runId: string,
    @Args('afterStep', { type: () => Int, defaultValue: -1 }) afterStep: number,
  ) {
    await requireRun(load, runId);
    return this.live.follow(ctx, runId, afterStep);
  }
}

/** Finite latest values; the others are null. */
function numbersOf(metrics: string): Map<string, number | null> {
  return new Map([...pairsOf<number | string>(metrics)].map(([key, value]) => [key, typeof value === 'number' ? value : null]));
}

function within(value: number, least: number, most: number, field: string): void {
  if (value < least || value > most)
    throw new DomainError('BAD_INPUT', `${field} must be ${least} to ${most}, not ${value}`, field);
}
