import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';
import { KeyValueInput } from './tracking.types.js';
import { TextFilter } from './run-filter.js';

@ObjectType('Experiment', { implements: () => Node })
export class ExperimentType extends Node {
  @Field() name!: string;
  @Field() project!: string;
  @Field(() => Int, { description: "Its id among MLflow's clients; 0 is the workspace's Default." }) number!: number;
  @Field() createdAt!: Date;
  @Field() updatedAt!: Date;
  @Field() archived!: boolean;
  @Field({ description: 'In the trash: it can be restored until it is purged.' }) deleted!: boolean;
}
export const ExperimentConnection = Connection(ExperimentType, 'Experiment');

@ObjectType({ description: 'A project path that holds experiments.' })
export class ProjectType {
  @Field() path!: string;
  @Field(() => Int) experiments!: number;
}

@InputType()
export class ExperimentFilter {
  @Field(() => TextFilter, { nullable: true }) name?: TextFilter;
  @Field({ nullable: true, description: 'This project path, or anything below it.' }) project?: string;
}

@InputType()
export class CreateExperimentInput {
  @Field() name!: string;
  @Field({ nullable: true }) project?: string;
}

@InputType({ description: 'What is given changes; the rest stays.' })
export class UpdateExperimentInput {
  @Field(() => ID) experimentId!: string;
  @Field({ nullable: true }) name?: string;
  @Field({ nullable: true, description: 'Moves it, with its runs, to this project.' }) project?: string;
  @Field({ nullable: true }) archived?: boolean;
  @Field(() => [KeyValueInput], { nullable: true }) tags?: KeyValueInput[];
}

@ObjectType()
export class ExperimentPayload extends Payload {
  @Field(() => ExperimentType, { nullable: true }) experiment?: ExperimentType;
}
