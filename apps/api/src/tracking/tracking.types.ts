import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';

export enum RunStatusEnum {
  RUNNING = 'RUNNING',
  FINISHED = 'FINISHED',
  FAILED = 'FAILED',
  KILLED = 'KILLED',
}
registerEnumType(RunStatusEnum, { name: 'RunStatus' });
export enum FinalRunStatusEnum {
  FINISHED = 'FINISHED',
  FAILED = 'FAILED',
  KILLED = 'KILLED',
}
registerEnumType(FinalRunStatusEnum, { name: 'FinalRunStatus' });
export enum MetricSourceEnum {
  client = 'client',
  attempt = 'attempt',
  platform = 'platform',
}
registerEnumType(MetricSourceEnum, {
  name: 'MetricSource',
  description: "Who measured a value; gates read the platform's own figures only.",
});

@ObjectType('Experiment', { implements: () => Node })
export class ExperimentType extends Node {
  @Field() name!: string;
  @Field() project!: string;
  @Field() createdAt!: Date;
}
export const ExperimentConnection = Connection(ExperimentType, 'Experiment');

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
}
export const RunConnection = Connection(RunType, 'Run');

@InputType()
export class ExperimentFilter {
  @Field({ nullable: true }) name?: string;
}

@InputType()
export class KeyValueFilter {
  @Field() key!: string;
  @Field({ nullable: true, description: 'Absent: the key is there, whatever its value.' }) eq?: string;
}

@InputType({ description: 'Latest value of a metric, whoever logged it.' })
export class MetricFilter {
  @Field() key!: string;
  @Field(() => Float, { nullable: true }) gt?: number;
  @Field(() => Float, { nullable: true }) gte?: number;
  @Field(() => Float, { nullable: true }) lt?: number;
  @Field(() => Float, { nullable: true }) lte?: number;
}

@InputType()
export class RunFilter {
  @Field(() => ID, { nullable: true }) experimentId?: string;
  @Field(() => [RunStatusEnum], { nullable: true }) status?: RunStatusEnum[];
  @Field(() => ID, { nullable: true }) jobId?: string;
  @Field({ nullable: true }) name?: string;
  @Field(() => ID, { nullable: true }) datasetVersionId?: string;
  @Field(() => [KeyValueFilter], { nullable: true }) params?: KeyValueFilter[];
  @Field(() => [KeyValueFilter], { nullable: true }) tags?: KeyValueFilter[];
  @Field(() => [MetricFilter], { nullable: true }) metrics?: MetricFilter[];
}

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

@InputType()
export class CreateExperimentInput {
  @Field() name!: string;
  @Field({ nullable: true }) project?: string;
}

@InputType()
export class CreateRunInput {
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

@InputType()
export class FinishRunInput {
  @Field(() => ID) runId!: string;
  @Field(() => FinalRunStatusEnum) status!: FinalRunStatusEnum;
}

@ObjectType()
export class ExperimentPayload extends Payload {
  @Field(() => ExperimentType, { nullable: true }) experiment?: ExperimentType;
}

@ObjectType()
export class RunPayload extends Payload {
  @Field(() => RunType, { nullable: true }) run?: RunType;
}
