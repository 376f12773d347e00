import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

export enum DriftModeEnum {
  appended = 'appended',
  whole = 'whole',
}
registerEnumType(DriftModeEnum, {
  name: 'DriftMode',
  description: 'appended: every row of the other version is still there, and the added rows are compared with it.',
});

@ObjectType()
export class ColumnDriftType {
  @Field() name!: string;
  @Field({ description: 'ks for numbers, chi_square for texts and booleans.' }) test!: string;
  @Field(() => Float, { nullable: true }) statistic?: number | null;
  @Field(() => Float, { nullable: true, description: 'Null where there are too few values to tell.' }) p?: number | null;
  @Field(() => Float, { nullable: true, description: 'p corrected for the number of columns (Benjamini-Hochberg).' })
  q?: number | null;
  @Field(() => Float, { nullable: true, description: 'Population stability index.' }) psi?: number | null;
  @Field(() => Int, { description: 'Values of the other version.' }) reference!: number;
  @Field(() => Int) current!: number;
  @Field({ description: 'Past the threshold of the effect, and not by chance.' }) drifted!: boolean;
  @Field() message!: string;
}

@ObjectType()
export class WorstDriftType {
  @Field() column!: string;
  @Field(() => Float) psi!: number;
}

@ObjectType({ description: 'A data set version against another one.' })
export class DriftReportType {
  @Field(() => ID, { description: 'The other version.' }) against!: string;
  @Field(() => DriftModeEnum) mode!: DriftModeEnum;
  @Field(() => Int) added!: number;
  @Field(() => Int) removed!: number;
  @Field() drifted!: boolean;
  @Field(() => WorstDriftType, { nullable: true }) worst?: WorstDriftType | null;
  @Field(() => [ColumnDriftType]) columns!: ColumnDriftType[];
}

@InputType()
export class CompareDatasetVersionsInput {
  @Field(() => ID) versionId!: string;
  @Field(() => ID) againstId!: string;
}
