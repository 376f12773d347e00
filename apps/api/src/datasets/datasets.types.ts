import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { DriftReportType } from './drift.types.js';
import { Connection, Node } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';

export enum DatasetVersionStateEnum {
  PENDING = 'PENDING',
  VALIDATED = 'VALIDATED',
  INVALID = 'INVALID',
  RETRACTED = 'RETRACTED',
}
registerEnumType(DatasetVersionStateEnum, {
  name: 'DatasetVersionState',
  description:
    'PENDING until its check has run; only a VALIDATED version can be trained on. RETRACTED: it was valid, and somebody has withdrawn it.',
});
export enum DatasetFormatEnum {
  CSV = 'CSV',
  PARQUET = 'PARQUET',
}
registerEnumType(DatasetFormatEnum, { name: 'DatasetFormat' });

@ObjectType()
export class ValueCount {
  @Field() value!: string;
  @Field(() => Int) count!: number;
}

@ObjectType({ description: "Statistics of a column, in the column's own unit." })
export class ColumnProfileType {
  @Field() name!: string;
  @Field() type!: string;
  @Field(() => Int) missing!: number;
  @Field(() => Int) distinct!: number;
  @Field(() => Float, { nullable: true }) min?: number | null;
  @Field(() => Float, { nullable: true }) max?: number | null;
  @Field(() => Float, { nullable: true }) mean?: number | null;
  @Field(() => Float, { nullable: true }) std?: number | null;
  @Field(() => Float, { nullable: true }) median?: number | null;
  @Field(() => [ValueCount], { nullable: true, description: 'Most frequent values of a text column.' }) top?: ValueCount[];
}

@ObjectType()
export class DatasetProfileType {
  @Field(() => Int) rows!: number;
  @Field(() => Int) duplicateRows!: number;
  @Field(() => [ColumnProfileType]) columns!: ColumnProfileType[];
  @Field(() => DriftReportType, { nullable: true, description: 'Against the parent; null until it was compared.' })
  drift?: DriftReportType;
}

@ObjectType()
export class FindingType {
  @Field({ description: 'error or warning' }) severity!: string;
  @Field() code!: string;
  @Field() message!: string;
  @Field(() => Int, { nullable: true }) line?: number;
  @Field({ nullable: true }) column?: string;
}

@ObjectType('Dataset', { implements: () => Node })
export class DatasetType extends Node {
  @Field() name!: string;
  @Field() project!: string;
  @Field() description!: string;
  @Field() createdAt!: Date;
}
export const DatasetConnection = Connection(DatasetType, 'Dataset');

@ObjectType('DatasetVersion', { implements: () => Node })
export class DatasetVersionType extends Node {
  @Field(() => Int) number!: number;
  @Field(() => DatasetVersionStateEnum) state!: DatasetVersionStateEnum;
  @Field(() => DatasetFormatEnum) format!: DatasetFormatEnum;
  @Field({ description: 'SHA-256 of the upload.' }) blob!: string;
  @Field({ description: 'Bytes of the upload.' }) size!: string;
  @Field(() => DatasetProfileType, { nullable: true }) profile?: DatasetProfileType;
  @Field(() => [FindingType]) findings!: FindingType[];
  @Field(() => String, { nullable: true, description: 'Why the version is INVALID or RETRACTED.' }) reason?: string | null;
  @Field() createdAt!: Date;
}
export const DatasetVersionConnection = Connection(DatasetVersionType, 'DatasetVersion');

@InputType()
export class CreateDatasetInput {
  @Field() name!: string;
  @Field({ nullable: true }) project?: string;
  @Field({ nullable: true }) description?: string;
}

@InputType()
export class CreateDatasetVersionInput {
  @Field(() => ID) datasetId!: string;
  @Field({ description: 'SHA-256 of a blob uploaded by PUT /v1/blobs/<sha256>.' }) blob!: string;
  @Field(() => DatasetFormatEnum) format!: DatasetFormatEnum;
}

@InputType()
export class RetractDatasetVersionInput {
  @Field(() => ID, { description: 'A VALIDATED version.' }) versionId!: string;
  @Field({ description: '10 characters or more.' }) reason!: string;
}

@InputType()
export class DatasetFilter {
  @Field({ nullable: true }) name?: string;
}

@InputType()
export class DatasetVersionFilter {
  @Field(() => ID, { nullable: true }) datasetId?: string;
  @Field(() => DatasetVersionStateEnum, { nullable: true }) state?: DatasetVersionStateEnum;
}

@ObjectType()
export class CreateDatasetPayload extends Payload {
  @Field(() => DatasetType, { nullable: true }) dataset?: DatasetType;
}

@ObjectType()
export class CreateDatasetVersionPayload extends Payload {
  @Field(() => DatasetVersionType, { nullable: true }) datasetVersion?: DatasetVersionType;
  @Field({ nullable: true, description: 'False when the content is that of the newest version, which is answered then.' })
  created?: boolean;
}

@ObjectType()
export class DatasetVersionPayload extends Payload {
  @Field(() => DatasetVersionType, { nullable: true }) datasetVersion?: DatasetVersionType;
}
