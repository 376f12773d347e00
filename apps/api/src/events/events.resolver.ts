import { Args, Field, ID, Int, Mutation, ObjectType, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { DeadJobsService, type Ctx } from '#access';
import { eventType, type LoggedEvent } from '#contracts';
import { Requires } from '#host';
import { DomainError } from '#kernel';
import { EventLog, Inbox } from '#messaging';
import { Asker } from '../graphql/graph-context.js';
import { mutate, Payload } from '../graphql/payload.js';
import { EventType } from './event.type.js';
import { LiveLog, namesOf } from './live-log.js';

@ObjectType({ description: 'How far the log reaches.' })
export class EventLogBounds {
  @Field({ description: 'A cursor before this one gets RESYNC.' }) prunedThrough!: string;
  @Field({ description: 'Sequence of the last event.' }) lastSequence!: string;
}

@ObjectType('DeadJob', { description: 'A delivery that failed for the last time.' })
export class DeadJobType {
  @Field() subscriber!: string;
  @Field(() => ID) eventId!: string;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field() at!: Date;
}

@ObjectType()
export class ReplayPayload extends Payload {
  @Field({ nullable: true }) replayed?: boolean;
}

@Resolver(() => EventType)
export class EventsResolver {
  constructor(
    private readonly log: EventLog,
    private readonly live: LiveLog,
    private readonly inbox: Inbox,
    private readonly deadJobsService: DeadJobsService,
  ) {}

  @Query(() => [EventType], { description: 'Events after a sequence, oldest first.' })
  @Requires('events.read')
  async events(
    @Asker() ctx: Ctx,
    @Args('after', { defaultValue: '0' }) after: string,
    @Args('first', { type: () => Int, defaultValue: 100 }) first: number,
    @Args('types', { type: () => [String], nullable: true }) types?: string[],
  ) {
    if (first < 1 || first > 1000) throw new DomainError('BAD_INPUT', 'first must be between 1 and 1000', 'first');
    await this.log.checkCursor(after);
    return this.log.read({ after, workspaceId: ctx.workspaceId, names: namesOf(types), limit: first });
  }

  @Query(() => EventLogBounds)
  @Requires('events.read')
  async eventLog(): Promise<EventLogBounds> {
    const { prunedThrough, last } = await this.log.bounds();
    return { prunedThrough: String(prunedThrough), lastSequence: String(last) };
  }

  @Subscription(() => EventType, {
    name: 'events',
    description:
      'Events as they happen; `after` resumes without gap or duplicate, and says RESYNC when the log does not reach back so far.',
    resolve: (event: unknown) => event,
  })
  @Requires('events.read')
  liveEvents(
    @Asker() ctx: Ctx,
    @Args('after', { nullable: true }) after?: string,
    @Args('types', { type: () => [String], nullable: true }) types?: string[],
  ) {
    return this.live.follow(ctx, after, types);
  }

  @Query(() => [DeadJobType])
  @Requires('events.read')
  deadJobs(@Asker() ctx: Ctx) {
    return this.inbox.dead(ctx.workspaceId);
  }

  @Mutation(() => ReplayPayload, { description: 'Delivers a dead job anew, within the time of a sweep.' })
  @Requires('operations.write')
  replayDeadJob(@Asker() ctx: Ctx, @Args('subscriber') subscriber: string, @Args('eventId', { type: () => ID }) eventId: string) {
    return mutate(async () => {
      await this.deadJobsService.replay(ctx, subscriber, eventId);
      return { replayed: true };
    });
  }

  @ResolveField(() => String, { description: 'CloudEvents type.' })
  type(@Parent() event: LoggedEvent) {
    return eventType(event.name);
  }
}
