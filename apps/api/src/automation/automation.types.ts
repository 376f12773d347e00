import { Field, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import { Payload } from '../graphql/payload.js';

export enum ExecutionStateEnum {
  FIRED = 'FIRED',
  COMPLETED = 'COMPLETED',
  SKIPPED = 'SKIPPED',
  FAILED = 'FAILED',
}
registerEnumType(ExecutionStateEnum, { name: 'TriggerExecutionState' });

@ObjectType('Trigger', { implements: () => Node })
export class TriggerType extends Node {
  @Field() name!: string;
  @Field() project!: string;
  @Field(() => JsonScalar, { description: '{event, equals}: type of the event, and fields of its data.' }) filter!: unknown;
  @Field(() => JsonScalar) action!: unknown;
  @Field() enabled!: boolean;
  @Field() createdAt!: Date;
}
export const TriggerConnection = Connection(TriggerType, 'Trigger');

@ObjectType('TriggerExecution')
export class TriggerExecutionType {
  @Field(() => ID) id!: string;
  @Field(() => ID) eventId!: string;
  @Field(() => ExecutionStateEnum) state!: ExecutionStateEnum;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field(() => JsonScalar, { nullable: true, description: 'Ids of what it made.' }) outcome?: unknown;
  @Field() at!: Date;
  @Field(() => Date, { nullable: true }) endedAt?: Date | null;
}
export const TriggerExecutionConnection = Connection(TriggerExecutionType, 'TriggerExecution');

@InputType()
export class CreateTriggerInput {
  @Field() name!: string;
  @Field({ nullable: true }) project?: string;
  @Field(() => JsonScalar, { description: '{"event": "dataset_version.validated", "equals": {"datasetId": "dst_…"}}' })
  filter!: unknown;
  @Field(() => JsonScalar, {
    description: '{"kind": "start_training", "templateId": "tpl_…"} or {"kind": "request_stage", "stage": "…"}',
  })
  action!: unknown;
}

@ObjectType()
export class TriggerPayload extends Payload {
  @Field(() => TriggerType, { nullable: true }) trigger?: TriggerType;
}
