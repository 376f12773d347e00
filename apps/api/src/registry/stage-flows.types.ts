import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import { Payload } from '../graphql/payload.js';

const FLOW =
  'Stages, each with how many versions it holds, where a version may come from, and what the way in takes: gates, approvals, who may ask and decide.';

@ObjectType('StageFlow', { implements: () => Node, description: 'A flow that models of the workspace follow.' })
export class StageFlowType extends Node {
  @Field() name!: string;
  @Field() description!: string;
  @Field(() => Int) revision!: number;
  @Field(() => JsonScalar, { description: FLOW }) flow!: unknown;
  @Field() createdAt!: Date;
  @Field() updatedAt!: Date;
}
export const StageFlowConnection = Connection(StageFlowType, 'StageFlow');

@ObjectType('StageStay', { description: "A version's time in a stage." })
export class StageStayType {
  @Field(() => ID) id!: string;
  @Field(() => Int, { description: 'Number of the version, which may be deleted by now.' }) number!: number;
  @Field() stage!: string;
  @Field() enteredAt!: Date;
  @Field(() => Date, { nullable: true, description: 'Null while it stands there.' }) leftAt?: Date | null;
  @Field({ description: 'Who moved it: a member, a trigger, or the platform.' }) enteredBy!: string;
  @Field(() => String, { nullable: true }) leftBy?: string | null;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field({ description: 'Past the gates and approvals of the way in.' }) forced!: boolean;
}
export const StageStayConnection = Connection(StageStayType, 'StageStay');

@InputType()
export class RotateCheckSecretInput {
  @Field(() => Int, { nullable: true, description: 'So long the secret before signs too: 0 to 168; 24 when absent.' })
  graceHours?: number | null;
}

@ObjectType()
export class CheckSecretPayload extends Payload {
  @Field(() => String, { nullable: true, description: 'Nobody is told it again.' }) secret?: string;
}

@InputType()
export class CreateStageFlowInput {
  @Field({ description: '`default` and `mlflow` take the place of the flows that the platform gives.' }) name!: string;
  @Field({ nullable: true }) description?: string;
  @Field(() => JsonScalar, { description: FLOW }) flow!: unknown;
}

@InputType({ description: 'What is not named stays.' })
export class UpdateStageFlowInput {
  @Field(() => ID) id!: string;
  @Field(() => Int, { description: 'The revision that the change is based on; another one is a CONFLICT.' }) revision!: number;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: FLOW }) flow?: unknown;
}

@InputType()
export class DeleteStageFlowInput {
  @Field(() => ID) id!: string;
}

@InputType({ description: 'One of the two.' })
export class SetModelFlowInput {
  @Field(() => ID) modelId!: string;
  @Field(() => ID, { nullable: true, description: 'A flow of the workspace, which the model follows from now on.' })
  flowId?: string;
  @Field(() => JsonScalar, { nullable: true, description: 'A flow that only this model has.' }) flow?: unknown;
}

@InputType()
export class ForceStageInput {
  @Field(() => ID) versionId!: string;
  @Field() stage!: string;
  @Field({ description: '10 characters or more; it stands in the audit and in the history of the stage.' }) reason!: string;
}

@ObjectType()
export class StageFlowPayload extends Payload {
  @Field(() => StageFlowType, { nullable: true }) stageFlow?: StageFlowType;
}

@ObjectType()
export class DeleteStageFlowPayload extends Payload {
  @Field(() => ID, { nullable: true }) id?: string;
}
