import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';
import { FinalRunStatusEnum, RunStatusEnum } from './run-status.js';

export enum MetricSourceEnum {
  client = 'client',
  attempt = 'attempt',
  platform = 'platform',
}
registerEnumType(MetricSourceEnum, {
  name: 'MetricSource',
  description: "Who measured a value; gates read the platform's own figures only.",
});

@ObjectType()
export class KeyValue {
  @Field() key!: string;
  @Field() value!: string;
}

@ObjectType({ description: 'Latest value of a metric.' })
export class MetricType {
  @Field() key!: string;
  @Field(() => Float, { nullable: true, description: 'null for NaN and infinities, which `text` spells out.' }) value!:
    number | null;
  @Field() text!: string;
  @Field(() => Int) step!: number;
  @Field(() => Float, { description: 'Milliseconds since the epoch.' }) timestamp!: number;
  @Field(() => MetricSourceEnum) source!: MetricSourceEnum;
}

@ObjectType({ description: 'One point of a curve.' })
export class MetricPointType {
  @Field() key!: string;
  @Field(() => Int) step!: number;
  @Field(() => Float, { nullable: true }) value!: number | null;
  @Field(() => Float) timestamp!: number;
  @Field(() => Int, { description: 'Training attempt that logged it; 0 for other writers.' }) attempt!: number;
}

@ObjectType()
export class ArtifactType {
  @Field() path!: string;
  @Field({ description: 'SHA-256; fetch it from GET /v1/blobs/<sha256>.' }) blob!: string;
  @Field() size!: string;
}

@ObjectType('Run', { implements: () => Node })
export class RunType extends Node {
  @Field() name!: string;
  @Field(() => RunStatusEnum) status!: RunStatusEnum;
  @Field() startedAt!: Date;
  @Field(() => Date, { nullable: true }) endedAt?: Date | null;
  @Field({ description: 'Who the client said it is.' }) userName!: string;
  @Field() archived!: boolean;
  @Field({ description: 'In the trash: it can be restored until it is purged.' }) deleted!: boolean;
}
export const RunConnection = Connection(RunType, 'Run');

@InputType()
export class KeyValueInput {
  @Field() key!: string;
  @Field() value!: string;
}

@InputType()
export class MetricInput {
  @Field() key!: string;
  @Field(() => Float) value!: number;
  @Field(() => Int, { defaultValue: 0 }) step!: number;
  @Field(() => Float, { nullable: true, description: 'Milliseconds since the epoch; now when absent.' }) timestamp?: number;
}

@ObjectType({ description: 'A data set as a client described it.' })
export class LoggedDatasetType {
  @Field() name!: string;
  @Field() digest!: string;
  @Field() sourceType!: string;
  @Field() source!: string;
  @Field(() => String, { nullable: true, description: 'What it was used for, such as training.' }) context?: string | null;
}

@ObjectType()
export class RunCount {
  @Field(() => Int) count!: number;
  @Field({ description: 'False when there are more than were counted.' }) exact!: boolean;
}

@InputType()
export class CreateRunInput {
  @Field(() => ID, { nullable: true }) parentId?: string;
  @Field(() => ID) experimentId!: string;
  @Field() name!: string;
  @Field(() => [ID], { nullable: true }) datasetVersionIds?: string[];
  @Field(() => [KeyValueInput], { nullable: true }) params?: KeyValueInput[];
  @Field(() => [KeyValueInput], { nullable: true }) tags?: KeyValueInput[];
}

@InputType()
export class LogRunInput {
  @Field(() => ID) runId!: string;
  @Field(() => [MetricInput], { nullable: true }) metrics?: MetricInput[];
  @Field(() => [KeyValueInput], { nullable: true }) params?: KeyValueInput[];
  @Field(() => [KeyValueInput], { nullable: true }) tags?: KeyValueInput[];
}

@InputType({ description: 'What is given changes; the rest stays.' })
export class UpdateRunInput {
  @Field(() => ID) runId!: string;
  @Field({ nullable: true }) name?: string;
  @Field(() => ID, { nullable: true }) parentId?: string;
  @Field({ nullable: true }) archived?: boolean;
}

@InputType()
export class FinishRunInput {
  @Field(() => ID) runId!: string;
  @Field(() => FinalRunStatusEnum) status!: FinalRunStatusEnum;
}

@ObjectType()
export class RunPayload extends Payload {
  @Field(() => RunType, { nullable: true }) run?: RunType;
}
