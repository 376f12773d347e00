import { Field, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import { Payload } from '../graphql/payload.js';

export enum ModelEvaluationStateEnum {
  REQUESTED = 'REQUESTED',
  DONE = 'DONE',
  FAILED = 'FAILED',
}
registerEnumType(ModelEvaluationStateEnum, { name: 'ModelEvaluationState' });

@ObjectType('ModelEvaluation', { implements: () => Node, description: 'A version measured on its own files.' })
export class ModelEvaluationType extends Node {
  @Field(() => ModelEvaluationStateEnum) state!: ModelEvaluationStateEnum;
  @Field(() => String, { nullable: true, description: 'Why it failed.' }) reason?: string | null;
  @Field(() => JsonScalar, {
    nullable: true,
    description:
      'Where others trained it: data set version, label, features and classes. Null for the test rows of its own data.',
  })
  data?: unknown;
  @Field() createdAt!: Date;
  @Field(() => Date, { nullable: true }) endedAt?: Date | null;
}
export const ModelEvaluationConnection = Connection(ModelEvaluationType, 'ModelEvaluation');

@InputType({ description: 'Without more than the version: what the platform trained, on the test rows of its own data.' })
export class EvaluateModelVersionInput {
  @Field(() => ID) versionId!: string;
  @Field(() => ID, {
    nullable: true,
    description: 'For an ONNX model that others trained: the data set version to measure it on.',
  })
  datasetVersionId?: string | null;
  @Field(() => ID, { nullable: true, description: 'Or its newest valid one of this data set.' }) datasetId?: string | null;
  @Field(() => String, { nullable: true, description: 'Column with the truth.' }) label?: string | null;
  @Field(() => [String], {
    nullable: true,
    description: 'Columns in the order of a model with one input; else as its description lists them, or all but the label.',
  })
  features?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description: 'Names of the classes in the order of its scores, where it gives no labels of its own.',
  })
  classes?: string[] | null;
}

@ObjectType()
export class ModelEvaluationPayload extends Payload {
  @Field(() => ModelEvaluationType, { nullable: true }) evaluation?: ModelEvaluationType;
}
