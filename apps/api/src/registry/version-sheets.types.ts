import { Field, Float, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { JsonScalar } from '../graphql/json.scalar.js';

@ObjectType()
export class ModelFileType {
  @Field() name!: string;
  @Field({ description: 'SHA-256; fetch it from GET /v1/blobs/<sha256>.' }) blob!: string;
  @Field(() => Float, { nullable: true, description: 'In bytes; null until the files were looked at.' }) size?: number | null;
}

export enum ScanOutcomeEnum {
  clean = 'clean',
  unsafe = 'unsafe',
  refused = 'refused',
}
registerEnumType(ScanOutcomeEnum, {
  name: 'ScanOutcome',
  description: 'unsafe: it holds what can execute code when it is loaded; refused: something in it is broken or hostile.',
});

@ObjectType()
export class ScanProblemType {
  @Field() path!: string;
  @Field() code!: string;
  @Field() message!: string;
}

@ObjectType()
export class HeldFormatType {
  @Field({ description: 'tfjs, onnx, safetensors, keras, pytorch, pickle, mlflow …' }) name!: string;
  @Field({ description: 'Loading it can execute code.' }) unsafe!: boolean;
  @Field(() => [String]) paths!: string[];
}

@ObjectType({ description: 'What a look at the files found; nothing of them was loaded.' })
export class ModelScanType {
  @Field(() => ScanOutcomeEnum) outcome!: ScanOutcomeEnum;
  @Field(() => [ScanProblemType]) problems!: ScanProblemType[];
  @Field(() => [HeldFormatType]) formats!: HeldFormatType[];
}

@InputType({ description: 'Markdown; what is not named stays, an empty text goes.' })
export class ModelCardInput {
  @Field(() => String, { nullable: true }) intendedUse?: string | null;
  @Field(() => String, { nullable: true }) limitations?: string | null;
  @Field(() => String, { nullable: true }) notes?: string | null;
}

@ObjectType()
export class FigureDifferenceType {
  @Field() key!: string;
  @Field(() => Float, { nullable: true }) a?: number | null;
  @Field(() => Float, { nullable: true }) b?: number | null;
}

@ObjectType({ description: 'Null where the version does not have it.' })
export class TextDifferenceType {
  @Field() key!: string;
  @Field(() => String, { nullable: true }) a?: string | null;
  @Field(() => String, { nullable: true }) b?: string | null;
}

@ObjectType()
export class FileDifferenceType {
  @Field({ description: 'Path of the file.' }) key!: string;
  @Field(() => JsonScalar, { nullable: true, description: 'Size in bytes and SHA-256.' }) a?: unknown;
  @Field(() => JsonScalar, { nullable: true }) b?: unknown;
}

@ObjectType({ description: 'What tells two versions apart. Of everything but metrics, only what differs.' })
export class ModelVersionDiffType {
  @Field(() => [FigureDifferenceType], { description: 'Side by side; those that clients logged begin with logged/.' })
  metrics!: FigureDifferenceType[];
  @Field(() => [TextDifferenceType]) params!: TextDifferenceType[];
  @Field(() => [TextDifferenceType]) data!: TextDifferenceType[];
  @Field(() => [TextDifferenceType]) code!: TextDifferenceType[];
  @Field(() => [FileDifferenceType]) files!: FileDifferenceType[];
  @Field(() => [FigureDifferenceType], { description: 'Operators or layers and weights of each file.' })
  graph!: FigureDifferenceType[];
  @Field(() => FigureDifferenceType, { description: 'All files together.' }) bytes!: FigureDifferenceType;
  @Field(() => String, { nullable: true, description: 'Why callers of a could not call b.' }) incompatible?: string | null;
}
