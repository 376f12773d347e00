import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';

export enum RevisionStateEnum {
  PENDING = 'PENDING',
  READY = 'READY',
  RETIRED = 'RETIRED',
  FAILED = 'FAILED',
}
registerEnumType(RevisionStateEnum, { name: 'RevisionState', description: 'READY when a node answers requests with it.' });

@ObjectType('Endpoint', { implements: () => Node })
export class EndpointType extends Node {
  @Field({ description: 'Model name in the Open Inference Protocol: POST /v2/models/<name>/infer.' }) name!: string;
  @Field() project!: string;
  @Field({ description: 'Stage that it follows.' }) stage!: string;
  @Field() createdAt!: Date;
}
export const EndpointConnection = Connection(EndpointType, 'Endpoint');

@ObjectType('EndpointRevision', { implements: () => Node })
export class RevisionType extends Node {
  @Field(() => Int) number!: number;
  @Field(() => RevisionStateEnum) state!: RevisionStateEnum;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field() createdAt!: Date;
  @Field(() => Date, { nullable: true }) readyAt?: Date | null;
}
export const RevisionConnection = Connection(RevisionType, 'EndpointRevision');

@ObjectType()
export class ClassTrafficType {
  @Field() name!: string;
  @Field(() => Float) rows!: number;
}

@ObjectType({ description: 'What a model version has answered in production, over all endpoints and nodes.' })
export class VersionTrafficType {
  @Field(() => Float) requests!: number;
  @Field(() => Float) rows!: number;
  @Field(() => Float, { description: 'Requests that were wrong themselves.' }) refused!: number;
  @Field(() => Float, { description: 'Requests that the nodes failed.' }) errors!: number;
  @Field(() => Float, { nullable: true, description: 'Upper bound of the bin that holds the median.' }) p50Ms?: number | null;
  @Field(() => Float, { nullable: true, description: 'Upper bound of the bin that holds the 95th percentile.' }) p95Ms?:
    number | null;
  @Field(() => [ClassTrafficType], { description: 'Rows by the class that was predicted.' }) classes!: ClassTrafficType[];
  @Field() firstAt!: Date;
  @Field() lastAt!: Date;
}

@InputType()
export class EndpointFilter {
  @Field({ nullable: true }) name?: string;
  @Field(() => ID, { nullable: true }) modelId?: string;
}

@InputType({ description: 'What stands in this stage of this model is served, now and whenever that changes.' })
export class FollowsInput {
  @Field(() => ID) modelId!: string;
  @Field() stage!: string;
}

@InputType()
export class CreateEndpointInput {
  @Field() name!: string;
  @Field({ nullable: true }) project?: string;
  @Field(() => FollowsInput) follows!: FollowsInput;
}

@InputType()
export class DeployModelVersionInput {
  @Field(() => ID) endpointId!: string;
  @Field(() => ID) versionId!: string;
}

@InputType()
export class RollBackEndpointInput {
  @Field(() => ID) endpointId!: string;
  @Field({ description: 'It stands in the audit.' }) reason!: string;
}

@ObjectType()
export class EndpointPayload extends Payload {
  @Field(() => EndpointType, { nullable: true }) endpoint?: EndpointType;
}
