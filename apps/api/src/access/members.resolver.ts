import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { AccessView, memberOf, MembersService, type Ctx, type MemberRow } from '#access';
import { Requires } from '#host';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import {
  CreateMemberInput,
  GrantRoleInput,
  GrantType,
  MemberConnection,
  MemberPayload,
  MemberType,
  WithdrawRoleInput,
} from './access.types.js';

@Resolver(() => MemberType)
export class MembersResolver {
  constructor(
    private readonly service: MembersService,
    private readonly view: AccessView,
  ) {}

  @Query(() => MemberType, { nullable: true, description: 'The member whose token this is.' })
  @Requires('self.read')
  me(@Asker() ctx: Ctx, @Load() load: Loaders) {
    const id = memberOf(ctx);
    return id && load.member.load(id);
  }

  @Query(() => MemberConnection)
  @Requires('access.read')
  async members(@Asker() ctx: Ctx, @Args() page: PageInput) {
    return toConnection(await this.view.members(ctx, page), page.after);
  }

  @Mutation(() => MemberPayload)
  @Requires('access.write')
  createMember(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateMemberInput) {
    return mutate(async () => ({ member: await load.member.load(await this.service.create(ctx, input)) }));
  }

  @Mutation(() => MemberPayload, {
    description: 'A role on a project, in place of the one that the member had there. Who was removed is back.',
  })
  @Requires('access.write')
  grantRole(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: GrantRoleInput) {
    return mutate(async () => ({ member: await load.member.load(await this.service.grant(ctx, input)) }));
  }

  @Mutation(() => MemberPayload, { description: 'Takes the role on exactly that project. The last admin of a workspace stays.' })
  @Requires('access.write')
  withdrawRole(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: WithdrawRoleInput) {
    return mutate(async () => ({ member: await load.member.load(await this.service.withdraw(ctx, input)) }));
  }

  @Mutation(() => MemberPayload, {
    description:
      'Takes every role and every token. What the member made stays; its triggers fail until another takes them over. A grant brings it back.',
  })
  @Requires('access.write')
  removeMember(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('memberId', { type: () => ID }) memberId: string) {
    return mutate(async () => ({ member: await load.member.load(await this.service.remove(ctx, memberId)) }));
  }

  @ResolveField(() => [GrantType])
  grants(@Parent() member: MemberRow, @Load() load: Loaders) {
    return load.grants.load(member.id);
  }
}
