import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { AccessService, AccessView, TokensService, type Ctx, type TokenRow } from '#access';
import { Requires } from '#host';
import { PageInput, toConnection } from '../graphql/connection.js';
import { Asker, Load } from '../graphql/graph-context.js';
import type { Loaders } from '../graphql/loaders.js';
import { mutate } from '../graphql/payload.js';
import {
  CreateTokenInput,
  CreateTokenPayload,
  CreateWorkspaceInput,
  CreateWorkspacePayload,
  MemberType,
  RevokeTokenPayload,
  TokenConnection,
  TokenFilter,
  TokenType,
} from './access.types.js';

@Resolver(() => TokenType)
export class TokensResolver {
  constructor(
    private readonly workspaces: AccessService,
    private readonly service: TokensService,
    private readonly view: AccessView,
  ) {}

  @Query(() => TokenConnection, { description: "The caller's own tokens, and for an admin those of everybody; newest first." })
  @Requires('self.read')
  async tokens(@Asker() ctx: Ctx, @Args() page: PageInput, @Args('where', { nullable: true }) where?: TokenFilter) {
    return toConnection(await this.view.tokens(ctx, where ?? {}, page), page.after);
  }

  @Mutation(() => CreateWorkspacePayload, {
    description: 'Another workspace, which shares nothing with this one. For admins of the workspace `default`.',
  })
  @Requires('operations.write')
  createWorkspace(@Asker() ctx: Ctx, @Args('input') input: CreateWorkspaceInput) {
    return mutate(async () => {
      const { workspaceId, adminToken } = await this.workspaces.createWorkspace(ctx, input);
      return { workspaceId, token: adminToken };
    });
  }

  @Mutation(() => CreateTokenPayload, {
    description:
      'A token of the caller, or by an admin of another member. Not idempotent: its text is never kept, so that it cannot be answered again.',
  })
  @Requires('self.write')
  createToken(@Asker() ctx: Ctx, @Args('input') input: CreateTokenInput) {
    return mutate(async () => {
      const { id, text } = await this.service.create(ctx, { ...input, memberId: input.memberId ?? null });
      return { tokenId: id, token: text };
    });
  }

  @Mutation(() => RevokeTokenPayload, { description: 'Any token for an admin, for others one of their own.' })
  @Requires('self.write')
  revokeToken(@Asker() ctx: Ctx, @Args('tokenId', { type: () => ID }) tokenId: string) {
    return mutate(async () => {
      await this.service.revoke(ctx, tokenId);
      return { tokenId };
    });
  }

  @ResolveField(() => MemberType, { nullable: true, description: 'null: of an inference node.' })
  member(@Parent() token: TokenRow, @Load() load: Loaders) {
    return token.memberId && load.member.load(token.memberId);
  }
}
