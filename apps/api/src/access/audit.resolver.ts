import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { AuditView, CountedJournal, type AuditRow, type Ctx } from '#access';
import { Requires } from '#host';
import { EventType } from '../events/event.type.js';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { MemberType } from './access.types.js';
import { AuditConnection, AuditEntryType, AuditFilter, AuditHeadType } from './audit.types.js';

@Resolver(() => AuditEntryType)
export class AuditResolver {
  constructor(
    private readonly view: AuditView,
    private readonly journal: CountedJournal,
  ) {}

  @Query(() => AuditConnection, { description: 'Who did what, newest first; refused attempts too. Reading it is audited.' })
  @Requires('audit.read')
  async audit(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: AuditFilter) {
    await this.journal.read(ctx);
    return toConnection(await this.view.list(ctx, where ?? {}, page), page.after);
  }

  @Query(() => AuditHeadType)
  @Requires('audit.read')
  async auditHead(@Asker() ctx: Ctx) {
    await this.journal.read(ctx);
    return this.view.head(ctx);
  }

  @ResolveField(() => MemberType, { nullable: true, description: 'The member behind the actor.' })
  member(@Parent() entry: AuditRow, @Load() load: Loaders) {
    return entry.memberId && load.member.load(entry.memberId);
  }

  @ResolveField(() => EventType, { nullable: true, description: 'Its event, as long as the log keeps it.' })
  event(@Parent() entry: AuditRow, @Load() load: Loaders) {
    return entry.eventId && load.event.load(entry.eventId);
  }
}
