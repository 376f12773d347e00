import { Args, Field, ID, Int, ObjectType, Query, registerEnumType, Resolver } from '@nestjs/graphql';
import type { Ctx } from '#access';
import { Requires } from '#host';
import { LineageView } from '#lineage';
import { Asker } from '../graphql/graph-context.js';

export enum LineageDirectionEnum {
  upstream = 'upstream',
  downstream = 'downstream',
}
registerEnumType(LineageDirectionEnum, {
  name: 'LineageDirection',
  description: 'upstream: what it rests on; downstream: what rests on it.',
});

@ObjectType()
export class LineageNodeType {
  @Field(() => ID) id!: string;
  @Field() kind!: string;
  @Field() label!: string;
}

@ObjectType({ description: '`from` rests on `to`.' })
export class LineageEdgeType {
  @Field(() => ID) from!: string;
  @Field(() => ID) to!: string;
  @Field() relation!: string;
}

@ObjectType()
export class LineageGraphType {
  @Field(() => ID) root!: string;
  @Field(() => [LineageNodeType]) nodes!: LineageNodeType[];
  @Field(() => [LineageEdgeType]) edges!: LineageEdgeType[];
  @Field({ description: 'True when the answer was cut at 10,000 edges.' }) truncated!: boolean;
}

@Resolver()
export class LineageResolver {
  constructor(private readonly view: LineageView) {}

  @Query(() => LineageGraphType, { description: 'What something rests on, or what rests on it; also by the id of a prediction.' })
  @Requires('lineage.read')
  lineage(
    @Asker() ctx: Ctx,
    @Args('id', { type: () => ID }) id: string,
    @Args('direction', { type: () => LineageDirectionEnum, defaultValue: LineageDirectionEnum.upstream })
    direction: LineageDirectionEnum,
    @Args('depth', { type: () => Int, defaultValue: 20 }) depth: number,
  ) {
    return this.view.walk(ctx, id, direction, depth);
  }
}
