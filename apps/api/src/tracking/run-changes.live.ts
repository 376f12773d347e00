import { Args, Field, ID, ObjectType, Resolver, Subscription } from '@nestjs/graphql';
import { authorize, type Ctx } from '#access';
import type { EventName, LoggedEvent } from '#contracts';
import { Requires } from '#host';
import { ExperimentSearch, RunSearch } from '#tracking';
import { DomainError } from '#kernel';
import { LiveLog } from '../events/live-log.js';
import { Asker } from '../graphql/graph-context.js';
import { RunType } from './tracking.types.js';

/** What changes a list of runs. */
const NAMES = [
  'run.started',
  'run.finished',
  'run.failed',
  'run.killed',
  'run.resumed',
  'run.updated',
  'run.rewound',
  'run.deleted',
  'run.restored',
  'run.metrics_logged',
] as const satisfies EventName[];

@ObjectType({ description: 'A run of the list has changed.' })
export class RunChangeType {
  @Field({ description: 'Resume with it.' }) sequence!: string;
  @Field({ description: 'What happened, such as run.finished.' }) change!: string;
  @Field(() => RunType, { description: 'The run as it is now.' }) run!: RunType;
}

/** A list of runs, kept up to date by those who look at it. */
@Resolver()
export class RunListResolver {
  constructor(
    private readonly live: LiveLog,
    private readonly runs: RunSearch,
    private readonly experiments: ExperimentSearch,
  ) {}

  @Subscription(() => RunChangeType, {
    description:
      "Changes of an experiment's runs; new metrics at most once a second and run. `after` resumes without gap; RESYNC when the log does not reach back.",
    resolve: (change: unknown) => change,
  })
  @Requires('tracking.read')
  async runChanges(
    @Asker() ctx: Ctx,
    @Args('experimentId', { type: () => ID }) experimentId: string,
    @Args('after', { nullable: true }) after?: string,
  ) {
    const experiment = await this.experiments.byId(ctx, experimentId);
    if (!experiment) throw new DomainError('NOT_FOUND', `there is no experiment ${experimentId}`, 'experimentId');
    authorize(ctx, 'tracking.read', experiment.project);
    return this.changes(ctx, experimentId, await this.live.follow(ctx, after, NAMES));
  }

  private async *changes(ctx: Ctx, experimentId: string, events: AsyncGenerator<LoggedEvent>): AsyncGenerator<RunChangeType> {
    for await (const event of events) {
      const data = event.data as { runId: string; experimentId?: string };
      if (data.experimentId !== undefined && data.experimentId !== experimentId) continue;
      const run = await this.runs.byId(ctx, data.runId);
      if (run?.experimentId === experimentId)
        yield { sequence: event.sequence!, change: event.name, run: run as unknown as RunType };
    }
  }
}
