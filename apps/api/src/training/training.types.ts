import { Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import { Payload } from '../graphql/payload.js';

export enum TrainingJobStateEnum {
  QUEUED = 'QUEUED',
  RUNNING = 'RUNNING',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  CANCELED = 'CANCELED',
}
registerEnumType(TrainingJobStateEnum, { name: 'TrainingJobState' });

@ObjectType('TrainingTemplate', { implements: () => Node })
export class TemplateType extends Node {
  @Field() name!: string;
  @Field() project!: string;
  @Field(() => Int) revision!: number;
  @Field(() => JsonScalar, { description: 'Preparation, split, network and training, with every default filled in.' })
  spec!: unknown;
  @Field() experiment!: string;
  @Field(() => String, { nullable: true, description: 'Model under which a trained candidate is registered.' }) registerAs?:
    string | null;
  @Field() createdAt!: Date;
}
export const TemplateConnection = Connection(TemplateType, 'TrainingTemplate');

@ObjectType()
export class TrainingAttemptType {
  @Field(() => Int) number!: number;
  @Field() runner!: string;
  @Field() state!: string;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field() startedAt!: Date;
  @Field(() => Date, { nullable: true }) endedAt?: Date | null;
}

@ObjectType('TrainingJob', { implements: () => Node })
export class TrainingJobType extends Node {
  @Field(() => TrainingJobStateEnum) state!: TrainingJobStateEnum;
  @Field(() => Int, { description: 'Number of the current attempt.' }) attempt!: number;
  @Field(() => Int) maxAttempts!: number;
  @Field(() => Int) templateRevision!: number;
  @Field(() => Int, { nullable: true, description: 'Last epoch that the attempt reported.' }) epoch?: number | null;
  @Field(() => Int, { nullable: true, description: 'Epoch from which another attempt would go on.' }) checkpointEpoch?:
    number | null;
  @Field(() => String, { nullable: true }) backend?: string | null;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field(() => Date, { nullable: true, description: 'Until when the attempt of a RUNNING job holds it.' })
  leaseExpiresAt?: Date | null;
  @Field() createdAt!: Date;
  @Field(() => Date, { nullable: true }) endedAt?: Date | null;
}
export const TrainingJobConnection = Connection(TrainingJobType, 'TrainingJob');

@InputType()
export class TemplateFilter {
  @Field({ nullable: true }) name?: string;
}

@InputType()
export class TrainingJobFilter {
  @Field(() => [TrainingJobStateEnum], { nullable: true }) state?: TrainingJobStateEnum[];
  @Field(() => ID, { nullable: true }) templateId?: string;
  @Field(() => ID, { nullable: true }) datasetVersionId?: string;
}

@InputType()
export class CreateTemplateInput {
  @Field() name!: string;
  @Field({ nullable: true }) project?: string;
  @Field(() => ID) datasetId!: string;
  @Field(() => JsonScalar, { description: 'Training spec; see docs/training.md.' }) spec!: unknown;
  @Field({ nullable: true, description: 'Experiment of the runs; the name of the template when absent.' }) experiment?: string;
  @Field({ nullable: true }) registerAs?: string;
}

@InputType()
export class UpdateTemplateInput {
  @Field(() => ID) templateId!: string;
  @Field(() => JsonScalar) spec!: unknown;
}

@InputType()
export class StartTrainingInput {
  @Field(() => ID) templateId!: string;
  @Field(() => ID, { nullable: true, description: "The newest valid version of the template's data set when absent." })
  datasetVersionId?: string;
  @Field(() => JsonScalar, {
    nullable: true,
    description: 'Parts of the spec that this training has otherwise, an object; lists are replaced as a whole.',
  })
  overrides?: Record<string, unknown> | null;
}

@ObjectType()
export class TemplatePayload extends Payload {
  @Field(() => TemplateType, { nullable: true }) template?: TemplateType;
}

@ObjectType()
export class TrainingJobPayload extends Payload {
  @Field(() => TrainingJobType, { nullable: true }) trainingJob?: TrainingJobType;
}
