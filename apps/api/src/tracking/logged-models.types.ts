import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';
import { LoggedModelStatusEnum } from './logged-model-filter.js';
import { KeyValueInput } from './tracking.types.js';

export enum FinalLoggedModelStatusEnum {
  READY = 'READY',
  UPLOAD_FAILED = 'UPLOAD_FAILED',
}
registerEnumType(FinalLoggedModelStatusEnum, { name: 'FinalLoggedModelStatus' });

@ObjectType({ description: 'One measurement of a logged model.' })
export class LoggedModelMetricType {
  @Field() key!: string;
  @Field(() => Float, { nullable: true, description: 'null for NaN and infinities, which `text` spells out.' }) value!:
    number | null;
  @Field() text!: string;
  @Field(() => Int) step!: number;
  @Field(() => Float, { description: 'Milliseconds since the epoch.' }) timestamp!: number;
  @Field(() => String, { nullable: true, description: 'What it was measured on, as the client named it.' }) datasetName?:
    string | null;
  @Field(() => String, { nullable: true }) datasetDigest?: string | null;
}

@ObjectType('LoggedModel', {
  implements: () => Node,
  description: 'What a run has made of its training, before and beside any registry.',
})
export class LoggedModelType extends Node {
  @Field() name!: string;
  @Field(() => String, { nullable: true, description: 'As the client named it, such as a class or a library.' }) modelType?:
    string | null;
  @Field(() => LoggedModelStatusEnum) status!: LoggedModelStatusEnum;
  @Field(() => String, { nullable: true }) statusMessage?: string | null;
  @Field() createdAt!: Date;
  @Field() updatedAt!: Date;
  @Field({ description: 'It is in no list, and its files go when its time in the trash is over.' }) deleted!: boolean;
}
export const LoggedModelConnection = Connection(LoggedModelType, 'LoggedModel');

@InputType()
export class CreateLoggedModelInput {
  @Field(() => ID) experimentId!: string;
  @Field({ description: 'Need not be the only one; without / : . % and quotes.' }) name!: string;
  @Field(() => String, { nullable: true }) modelType?: string | null;
  @Field(() => ID, { nullable: true, description: 'The run that made it.' }) sourceRunId?: string | null;
  @Field(() => [KeyValueInput], { nullable: true }) params?: KeyValueInput[] | null;
  @Field(() => [KeyValueInput], { nullable: true }) tags?: KeyValueInput[] | null;
}

@InputType()
export class FinalizeLoggedModelInput {
  @Field(() => ID) loggedModelId!: string;
  @Field(() => FinalLoggedModelStatusEnum) status!: FinalLoggedModelStatusEnum;
}

@InputType({ description: 'What is there already under a key gets the new value.' })
export class LogLoggedModelParamsInput {
  @Field(() => ID) loggedModelId!: string;
  @Field(() => [KeyValueInput]) params!: KeyValueInput[];
}

@InputType({ description: 'What is there already under a key gets the new value.' })
export class SetLoggedModelTagsInput {
  @Field(() => ID) loggedModelId!: string;
  @Field(() => [KeyValueInput]) tags!: KeyValueInput[];
}

@InputType()
export class DeleteLoggedModelTagInput {
  @Field(() => ID) loggedModelId!: string;
  @Field() key!: string;
}

@ObjectType()
export class LoggedModelPayload extends Payload {
  @Field(() => LoggedModelType, { nullable: true }) loggedModel?: LoggedModelType;
}
