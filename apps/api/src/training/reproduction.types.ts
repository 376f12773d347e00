import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { MetricSourceEnum } from '../tracking/tracking.types.js';

export enum ReproductionVerdictEnum {
  PENDING = 'PENDING',
  AGREES = 'AGREES',
  DISAGREES = 'DISAGREES',
  NOT_COMPARABLE = 'NOT_COMPARABLE',
}
registerEnumType(ReproductionVerdictEnum, {
  name: 'ReproductionVerdict',
  description:
    'PENDING until the run has ended and is measured. AGREES: each metric of the original is there again and agrees. NOT_COMPARABLE: the training did not succeed.',
});

export enum DifferingPartEnum {
  DATA = 'DATA',
  SPEC = 'SPEC',
  SEED = 'SEED',
  CODE = 'CODE',
  ENGINE = 'ENGINE',
  BACKEND = 'BACKEND',
  ENVIRONMENT = 'ENVIRONMENT',
}
registerEnumType(DifferingPartEnum, { name: 'DifferingPart' });

@ObjectType({ description: 'A metric of two runs; numbers are null for NaN and infinities, which the text spells out.' })
export class MetricComparisonType {
  @Field() key!: string;
  @Field(() => MetricSourceEnum) source!: MetricSourceEnum;
  @Field(() => Float, { nullable: true, description: 'Last value of the original.' }) original!: number | null;
  @Field(() => String, { nullable: true, description: 'null: it has none.' }) originalText!: string | null;
  @Field(() => Float, { nullable: true, description: 'Last value of the run that does it anew.' }) reproduced!: number | null;
  @Field(() => String, { nullable: true, description: 'null: it has none.' }) reproducedText!: string | null;
  @Field(() => Float, { nullable: true, description: 'The greatest of the points that were compared.' }) difference!:
    number | null;
  @Field(() => Float, { description: 'Absolute part of its tolerance.' }) absolute!: number;
  @Field(() => Int, {
    description: 'Points that were compared: all where both runs have the same steps, else the last values alone.',
  })
  points!: number;
  @Field(() => Float, { nullable: true, description: 'First step whose values do not agree.' }) firstStep!: number | null;
  @Field(() => Boolean, { nullable: true, description: 'null: the original does not have it.' }) agrees!: boolean | null;
}

@ObjectType({ description: 'Something that the two runs have otherwise; null where it is not recorded, or not there.' })
export class RunDifferenceType {
  @Field(() => DifferingPartEnum) part!: DifferingPartEnum;
  @Field() key!: string;
  @Field(() => String, { nullable: true }) original!: string | null;
  @Field(() => String, { nullable: true }) reproduced!: string | null;
}

@ObjectType()
export class MetricToleranceType {
  @Field() key!: string;
  @Field(() => Float) absolute!: number;
}

@ObjectType({
  description: 'Values agree when |reproduced - original| <= absolute + relative * |original|, as in numpy.isclose.',
})
export class ToleranceType {
  @Field(() => Float) absolute!: number;
  @Field(() => Float) relative!: number;
  @Field(() => [MetricToleranceType], { description: 'Metrics with an absolute part of their own.' })
  metrics!: MetricToleranceType[];
}

@ObjectType('Reproduction', { description: 'What came of doing another run anew.' })
export class ReproductionType {
  @Field(() => ReproductionVerdictEnum) verdict!: ReproductionVerdictEnum;
  @Field(() => String, { nullable: true, description: 'Why it could not be compared.' }) reason!: string | null;
  @Field({ description: 'It fails rather than train with anything else than the original did.' }) strict!: boolean;
  @Field(() => ToleranceType) tolerance!: ToleranceType;
  @Field(() => [MetricComparisonType]) metrics!: MetricComparisonType[];
  @Field(() => Boolean, { nullable: true, description: 'Byte for byte; null while it is not known.' }) weightsEqual!:
    boolean | null;
  @Field(() => [RunDifferenceType], { description: 'What the two had otherwise; empty when all was the same.' })
  differences!: RunDifferenceType[];
  @Field() createdAt!: Date;
  @Field(() => Date, { nullable: true }) judgedAt!: Date | null;
}

@InputType()
export class MetricToleranceInput {
  @Field() key!: string;
  @Field(() => Float) absolute!: number;
}

@InputType({ description: 'Values agree when |reproduced - original| <= absolute + relative * |original|, as in numpy.isclose.' })
export class ToleranceInputType {
  @Field(() => Float, { nullable: true, description: '1e-8 when absent.' }) absolute?: number;
  @Field(() => Float, { nullable: true, description: '1e-5 when absent.' }) relative?: number;
  @Field(() => [MetricToleranceInput], { nullable: true, description: 'Metrics with an absolute part of their own.' })
  metrics?: MetricToleranceInput[];
}

@InputType()
export class ReproduceRunInput {
  @Field(() => ID, { description: 'A run of a training job that succeeded.' }) runId!: string;
  @Field(() => ToleranceInputType, { nullable: true }) tolerance?: ToleranceInputType;
  @Field({ nullable: true, description: 'Fail rather than train with another code, engine, back end or environment.' })
  strict?: boolean;
}
