import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { AccessService, AccessView, memberOf, type Ctx, type MemberRow } from '#access';
import { Requires } from '#host';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import {
  CreateMemberInput,
  CreateTokenInput,
  CreateTokenPayload,
  CreateWorkspaceInput,
  CreateWorkspacePayload,
  GrantType,
  MemberConnection,
  MemberPayload,
  MemberType,
  RevokeTokenPayload,
} from './access.types.js';

@Resolver(() => MemberType)
export class MembersResolver {
  constructor(
    private readonly service: AccessService,
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

  @Mutation(() => CreateWorkspacePayload, {
    description: 'Another workspace, which shares nothing with this one. For admins of the workspace `default`.',
  })
  @Requires('operations.write')
  createWorkspace(@Asker() ctx: Ctx, @Args('input') input: CreateWorkspaceInput) {
    return mutate(async () => {
      const { workspaceId, adminToken } = await this.service.createWorkspace(ctx, input);
      return { workspaceId, token: adminToken };
    });
  }

  @Mutation(() => MemberPayload)
  @Requires('access.write')
  createMember(@Asker() ctx: Ctx, @Load() load: Loaders, @Args('input') input: CreateMemberInput) {
    return mutate(async () => ({ member: await load.member.load(await this.service.createMember(ctx, input)) }));
  }

  @Mutation(() => CreateTokenPayload, {
    description: 'Not idempotent: the text of a token is never kept, so that it cannot be answered again.',
  })
  @Requires('access.write')
  createToken(@Asker() ctx: Ctx, @Args('input') input: CreateTokenInput) {
    return mutate(async () => {
      const { id, text } = await this.service.createToken(ctx, { ...input, memberId: input.memberId ?? null });
      return { tokenId: id, token: text };
    });
  }

  @Mutation(() => RevokeTokenPayload)
  @Requires('access.write')
  revokeToken(@Asker() ctx: Ctx, @Args('tokenId', { type: () => ID }) tokenId: string) {
    return mutate(async () => {
      await this.service.revokeToken(ctx, tokenId);
      return { tokenId };
    });
  }

  @ResolveField(() => [GrantType])
  grants(@Parent() member: MemberRow, @Load() load: Loaders) {
    return load.grants.load(member.id);
  }
}
