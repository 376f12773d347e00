import { ArgsType, Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Payload } from '../graphql/payload.js';

export enum LineageDirectionEnum {
  upstream = 'upstream',
  downstream = 'downstream',
}
registerEnumType(LineageDirectionEnum, {
  name: 'LineageDirection',
  description: 'upstream: what it rests on; downstream: what rests on it.',
});

@ArgsType()
export class LineageBounds {
  @Field(() => Int, { defaultValue: 20, description: 'Steps at most, 1 to 50.' }) depth!: number;
  @Field(() => Date, { nullable: true, description: 'The graph as it was then.' }) until?: Date | null;
  @Field(() => [String], { nullable: true, description: 'Only nodes of these kinds; what lies between is an edge rests_on.' })
  kinds?: string[] | null;
}

@ArgsType()
export class LineagePage extends LineageBounds {
  @Field(() => Int, { nullable: true, description: 'Edges at most, 1 to 10,000, which is the default.' }) first?: number | null;
  @Field(() => String, { nullable: true, description: 'endCursor of the answer before.' }) after?: string | null;
}

@ArgsType()
export class LineageStagePage extends LineageBounds {
  @Field(() => String, { defaultValue: 'production' }) stage!: string;
  @Field(() => Int, { nullable: true }) first?: number | null;
  @Field(() => String, { nullable: true }) after?: string | null;
}

@ObjectType()
export class LineageNodeType {
  @Field(() => ID) id!: string;
  @Field() kind!: string;
  @Field() label!: string;
  @Field(() => String, { nullable: true, description: 'A stage, a status; of an endpoint the revision that answers.' })
  state?: string | null;
  @Field(() => Date, { nullable: true, description: 'Since when it is known.' }) at?: Date | null;
  @Field(() => Date, { nullable: true, description: 'Since when it is deleted or invalid.' }) goneAt?: Date | null;
}

@ObjectType({ description: '`from` rests on `to`.' })
export class LineageEdgeType {
  @Field(() => ID) from!: string;
  @Field(() => ID) to!: string;
  @Field() relation!: string;
}

@ObjectType({ description: 'What belongs to projects that the caller may not read is not in it.' })
export class LineageGraphType {
  @Field(() => ID) root!: string;
  @Field(() => [LineageNodeType]) nodes!: LineageNodeType[];
  @Field(() => [LineageEdgeType]) edges!: LineageEdgeType[];
  @Field({ description: 'True when there is more behind endCursor.' }) truncated!: boolean;
  @Field(() => String, { nullable: true }) endCursor?: string | null;
}

@ObjectType()
export class LineageImpactType extends LineageGraphType {
  @Field(() => [LineageNodeType], { description: 'Endpoints that answer with it, then versions that stand in the stage.' })
  inProduction!: LineageNodeType[];
}

@ObjectType({ description: 'A version of a model that stands in the stage.' })
export class LineageAffectedType {
  @Field(() => LineageNodeType, { nullable: true }) model?: LineageNodeType | null;
  @Field(() => LineageNodeType) version!: LineageNodeType;
  @Field(() => [LineageNodeType], { description: 'Templates that would train it again.' }) templates!: LineageNodeType[];
  @Field(() => [LineageNodeType], { description: 'What it rests on that is deleted or invalid.' }) restsOn!: LineageNodeType[];
}

@ObjectType()
export class LineageAffectedPage {
  @Field(() => [LineageAffectedType]) items!: LineageAffectedType[];
  @Field() truncated!: boolean;
  @Field(() => String, { nullable: true }) endCursor?: string | null;
}

@ObjectType()
export class LineageDifferenceType {
  @Field({ description: 'Id of a node, or `from relation to` of an edge.' }) what!: string;
  @Field({ description: 'missing: only the log has it; surplus: the log does not; changed: it says otherwise.' }) how!: string;
}

@ObjectType()
export class RebuiltLineage {
  @Field({ description: 'Sequence of the log up to which the graph goes.' }) through!: string;
  @Field({ description: 'What came by events up to here is not in the log any more, and stayed as it was.' })
  prunedThrough!: string;
  @Field(() => Int) events!: number;
  @Field(() => Int) nodes!: number;
  @Field(() => Int) edges!: number;
  @Field(() => Int, { description: 'Rows in which the graph differed from the log.' }) differing!: number;
  @Field(() => [LineageDifferenceType], { description: 'The first of them.' }) differences!: LineageDifferenceType[];
  @Field({ description: 'Whether they were put right.' }) changed!: boolean;
}

@ObjectType()
export class RebuildLineagePayload extends Payload {
  @Field(() => RebuiltLineage, { nullable: true }) rebuilt?: RebuiltLineage;
}
