import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { LineageView, QuestionsView, RebuildService } from '#lineage';
import { Asker } from '../graphql/graph-context.js';
import { mutate } from '../graphql/payload.js';
import {
  LineageAffectedPage,
  LineageBounds,
  LineageDirectionEnum,
  LineageGraphType,
  LineageImpactType,
  LineagePage,
  LineageStagePage,
  RebuildLineagePayload,
} from './lineage.types.js';

@Resolver()
export class LineageResolver {
  constructor(
    private readonly view: LineageView,
    private readonly questions: QuestionsView,
    private readonly rebuilds: RebuildService,
  ) {}

  @Query(() => LineageGraphType, { description: 'What something rests on, or what rests on it; also by the id of a prediction.' })
  @Requires('lineage.read')
  lineage(
    @Asker() ctx: Ctx,
    @Args('id', { type: () => ID }) id: string,
    @Args('direction', { type: () => LineageDirectionEnum, defaultValue: LineageDirectionEnum.upstream })
    direction: `${LineageDirectionEnum}`,
    @Args() page: LineagePage,
  ) {
    return this.view.walk(ctx, id, { ...page, direction });
  }

  @Query(() => LineageGraphType, {
    nullable: true,
    description: 'The shortest way between two things; without a direction both are tried.',
  })
  @Requires('lineage.read')
  lineagePath(
    @Asker() ctx: Ctx,
    @Args('from', { type: () => ID }) from: string,
    @Args('to', { type: () => ID }) to: string,
    @Args('direction', { type: () => LineageDirectionEnum, nullable: true }) direction: `${LineageDirectionEnum}` | null,
    @Args() bounds: LineageBounds,
  ) {
    return this.view.path(ctx, from, to, { ...bounds, direction });
  }

  @Query(() => LineageImpactType, { description: 'What is touched if something, a data set version say, must go.' })
  @Requires('lineage.read')
  impactOf(
    @Asker() ctx: Ctx,
    @Args('id', { type: () => ID }) id: string,
    @Args('stage', { type: () => String, defaultValue: 'production' }) stage: string,
    @Args() page: LineagePage,
  ) {
    return this.questions.impactOf(ctx, id, page, stage);
  }

  @Query(() => LineageAffectedPage, {
    description: 'Models whose newest version in the stage rests on something, with what would train them.',
  })
  @Requires('lineage.read')
  retrainingNeeded(@Asker() ctx: Ctx, @Args('id', { type: () => ID }) id: string, @Args() page: LineageStagePage) {
    return this.questions.retrainingNeeded(ctx, id, page);
  }

  @Query(() => LineageAffectedPage, { description: 'Versions in the stage that rest on something deleted or invalid.' })
  @Requires('lineage.read')
  restingOnInvalid(@Asker() ctx: Ctx, @Args() page: LineageStagePage) {
    return this.questions.restingOnInvalid(ctx, page);
  }

  @Mutation(() => RebuildLineagePayload, {
    description: 'Builds the graph anew from the log; with check it only compares the two.',
  })
  @Requires('operations.write')
  rebuildLineage(@Asker() ctx: Ctx, @Args('check', { type: () => Boolean, defaultValue: false }) check: boolean) {
    return mutate(async () => ({ rebuilt: await this.rebuilds.rebuild(ctx, { check }) }));
  }
}
