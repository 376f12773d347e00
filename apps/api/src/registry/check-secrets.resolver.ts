import { Args, Mutation, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { CheckSecretsService } from '#registry';
import { Asker } from '../graphql/graph-context.js';
import { mutate } from '../graphql/payload.js';
import { CheckSecretPayload, RotateCheckSecretInput } from './stage-flows.types.js';

@Resolver()
export class CheckSecretsResolver {
  constructor(private readonly service: CheckSecretsService) {}

  @Mutation(() => CheckSecretPayload, {
    description:
      "Makes the secret that signs the questions of http_check gates (Standard Webhooks), or another one. It is the workspace's.",
  })
  @Requires('registry.govern')
  rotateCheckSecret(@Asker() ctx: Ctx, @Args('input') { graceHours }: RotateCheckSecretInput) {
    return mutate(() => this.service.rotate(ctx, graceHours ?? undefined));
  }
}
