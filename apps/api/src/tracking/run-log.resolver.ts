import {
  Args,
  Field,
  Float,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { DomainError } from '#kernel';
import { LOG_START, LoggingService, RunLogView, type LogPosition, type ReadLine, type Stream } from '#tracking';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import { LiveReader } from './live-reader.js';
import { requireRun } from './runs.resolver.js';
import { RunPayload } from './tracking.types.js';

export enum StreamEnum {
  stdout = 'stdout',
  stderr = 'stderr',
}
registerEnumType(StreamEnum, { name: 'Stream' });

@ObjectType({ description: 'A line that a run printed.' })
export class LogLineType {
  @Field({ description: 'Go on after this line with it.' }) cursor!: string;
  @Field() text!: string;
  @Field(() => StreamEnum) stream!: Stream;
  @Field() at!: Date;
  @Field(() => Int, { description: 'Training attempt that printed it; 0 for other writers.' }) attempt!: number;
}

@InputType()
export class LogLineInput {
  @Field({ description: 'Up to 8,000 characters; longer ones are cut.' }) text!: string;
  @Field(() => StreamEnum, { defaultValue: StreamEnum.stdout }) stream!: Stream;
  @Field({ nullable: true, description: 'Now when absent.' }) at?: Date;
  @Field(() => Float, {
    nullable: true,
    description: "The writer's own count of its lines, from 0: a line that is sent twice is then there once.",
  })
  n?: number;
}

@InputType()
export class LogLinesInput {
  @Field(() => ID) runId!: string;
  @Field(() => [LogLineInput], { description: 'Up to 1,000.' }) lines!: LogLineInput[];
}

const PAGE = 1000;

/** Console logs of runs: written, read, followed. */
@Resolver()
export class RunLogResolver {
  constructor(
    private readonly view: RunLogView,
    private readonly logging: LoggingService,
    private readonly reader: LiveReader,
  ) {}

  @Mutation(() => RunPayload)
  @Requires('tracking.write')
  logRunLines(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') { runId, lines }: LogLinesInput) {
    if (lines.length > PAGE) throw new DomainError('BAD_INPUT', `a call may hold ${PAGE} lines`, 'lines');
    const now = ctx.clock.now();
    const said = lines.map((line) => ({ ...line, at: (line.at ?? now).getTime() }));
    return mutate(async () => ({ run: await load.run.load((await this.logging.logLines(ctx, runId, said)).id) }));
  }

  @Query(() => [LogLineType], { description: 'Lines after a cursor, oldest first.' })
  @Requires('tracking.read')
  async runLog(
    @Load() load: Loaders,
    @Args('runId', { type: () => ID }) runId: string,
    @Args('after', { nullable: true }) after?: string,
    @Args('first', { type: () => Int, defaultValue: PAGE }) first: number = PAGE,
  ) {
    if (first < 1 || first > PAGE) throw new DomainError('BAD_INPUT', `first must be between 1 and ${PAGE}`, 'first');
    const run = await requireRun(load, runId);
    return (await this.view.after(run.num, positionOf(after), first)).map(toLine);
  }

  @Subscription(() => [LogLineType], {
    name: 'runLog',
    description: 'Lines after a cursor, as they come, in batches; ends when the run has ended.',
    resolve: (lines: unknown) => lines,
  })
  @Requires('tracking.read')
  async followLog(
    @Asker() ctx: Ctx,
    @Load() load: Loaders,
    @Args('runId', { type: () => ID }) runId: string,
    @Args('after', { nullable: true }) after?: string,
  ) {
    const run = await requireRun(load, runId);
    let position = positionOf(after);
    return this.reader.follow(ctx, 'run_log', runId, async () => {
      const lines = await this.view.after(run.num, position, PAGE);
      position = lines.at(-1) ?? position;
      return { items: lines.map(toLine), more: lines.length === PAGE };
    });
  }
}

const toLine = ({ attempt, n, text, stream, at }: ReadLine): LogLineType => ({
  cursor: `${attempt}.${n}`,
  text,
  stream,
  at: new Date(at),
  attempt,
});

function positionOf(cursor: string | undefined): LogPosition {
  if (cursor === undefined) return LOG_START;
  const match = /^(\d{1,4})\.(\d{1,15})$/.exec(cursor);
  if (!match) throw new DomainError('BAD_INPUT', 'after is not the cursor of a line', 'after');
  return { attempt: Number(match[1]), n: Number(match[2]) };
}
