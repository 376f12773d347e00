import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { JsonScalar } from '../graphql/json.scalar.js';
import { Payload } from '../graphql/payload.js';
import { ModelCardInput, ModelScanType } from './version-sheets.types.js';

export enum StageRequestStateEnum {
  EVALUATING = 'EVALUATING',
  BLOCKED = 'BLOCKED',
  AWAITING_APPROVAL = 'AWAITING_APPROVAL',
  RECHECKING = 'RECHECKING',
  DONE = 'DONE',
  REJECTED = 'REJECTED',
  STALE = 'STALE',
}
registerEnumType(StageRequestStateEnum, { name: 'StageRequestState' });
export enum GateOutcomeEnum {
  passed = 'passed',
  failed = 'failed',
  unknown = 'unknown',
}
registerEnumType(GateOutcomeEnum, {
  name: 'GateOutcome',
  description: 'unknown: could not be evaluated, which blocks like a failure.',
});

export enum VersionStatusEnum {
  READY = 'READY',
  PENDING_REGISTRATION = 'PENDING_REGISTRATION',
  FAILED_REGISTRATION = 'FAILED_REGISTRATION',
}
registerEnumType(VersionStatusEnum, { name: 'ModelVersionStatus' });

@ObjectType()
export class RegistryTagType {
  @Field() key!: string;
  @Field() value!: string;
}

@ObjectType('Model', { implements: () => Node })
export class ModelType extends Node {
  @Field() name!: string;
  @Field() project!: string;
  @Field() description!: string;
  @Field(() => JsonScalar, { description: 'Stages with their gates, approvals and allowed moves.' }) flow!: unknown;
  @Field(() => Int, { description: 'Counts the changes of `flow`.' }) flowRevision!: number;
  @Field() createdAt!: Date;
  @Field() updatedAt!: Date;
}
export const ModelConnection = Connection(ModelType, 'Model');

@ObjectType({ description: 'A figure that a job of the platform measured on the files of the version.' })
export class MeasuredFigure {
  @Field() key!: string;
  @Field(() => Float) value!: number;
}

@ObjectType('ModelVersion', { implements: () => Node })
export class ModelVersionType extends Node {
  @Field(() => Int) number!: number;
  @Field({ description: '`none` before it stands in any.' }) stage!: string;
  @Field(() => ModelScanType, {
    nullable: true,
    description: 'Null until the files were looked at, and where they lie elsewhere.',
  })
  scan?: ModelScanType | null;
  @Field(() => JsonScalar, { nullable: true, description: 'Reports with confusion matrices, and the parity of formats.' })
  evaluation?: unknown;
  @Field() description!: string;
  @Field(() => VersionStatusEnum) status!: VersionStatusEnum;
  @Field(() => String, { nullable: true }) statusMessage?: string | null;
  @Field(() => String, { nullable: true, description: 'Where it comes from, in the words of who registered it.' }) source?:
    string | null;
  @Field(() => String, { nullable: true, description: 'The place that `source` means.' }) storageLocation?: string | null;
  @Field(() => String, { nullable: true }) runLink?: string | null;
  @Field() createdAt!: Date;
  @Field() updatedAt!: Date;
  @Field(() => Date, { nullable: true, description: 'A deleted version is in no list; only what happened to it leads there.' })
  deletedAt?: Date | null;
}
export const ModelVersionConnection = Connection(ModelVersionType, 'ModelVersion');

@ObjectType({ description: 'A name that points at one version of its model.' })
export class ModelAliasType {
  @Field() alias!: string;
  @Field(() => ModelVersionType) version!: unknown;
}

@ObjectType()
export class GateResultType {
  @Field(() => JsonScalar) gate!: unknown;
  @Field(() => GateOutcomeEnum) outcome!: GateOutcomeEnum;
  @Field() message!: string;
  @Field(() => Float, { nullable: true }) observed?: number | null;
}

@ObjectType()
export class ApprovalType {
  @Field(() => ID) id!: string;
  @Field({ description: 'approved or rejected' }) decision!: string;
  @Field(() => String, { nullable: true }) comment?: string | null;
  @Field() at!: Date;
}

@ObjectType('StageRequest', { implements: () => Node })
export class StageRequestType extends Node {
  @Field() stage!: string;
  @Field(() => StageRequestStateEnum) state!: StageRequestStateEnum;
  @Field(() => String, { nullable: true, description: 'Why it was asked for.' }) reason?: string | null;
  @Field(() => String, { nullable: true, description: 'Why it is STALE: what has changed, or by what it was settled.' })
  endedBecause?: string | null;
  @Field(() => [GateResultType], { description: 'Frozen when they were evaluated.' }) gates!: GateResultType[];
  @Field(() => JsonScalar, {
    nullable: true,
    description: 'What the gates looked at, with every file and its hash, and the revision of the flow that judged.',
  })
  evidence?: unknown;
  @Field(() => String, { nullable: true, description: 'Stage in which the version stood when it was asked for.' }) fromStage?:
    string | null;
  @Field() createdAt!: Date;
  @Field(() => Date, { nullable: true }) decidedAt?: Date | null;
}
export const StageRequestConnection = Connection(StageRequestType, 'StageRequest');

@InputType()
export class ModelFilter {
  @Field({ nullable: true }) name?: string;
}

@InputType()
export class ModelVersionFilter {
  @Field(() => ID, { nullable: true }) modelId?: string;
  @Field({ nullable: true }) stage?: string;
  @Field(() => ID, { nullable: true }) runId?: string;
}

@InputType()
export class StageRequestFilter {
  @Field(() => ID, { nullable: true }) versionId?: string;
  @Field(() => [StageRequestStateEnum], { nullable: true }) state?: StageRequestStateEnum[];
}

@InputType()
export class CreateModelInput {
  @Field() name!: string;
  @Field({ nullable: true }) project?: string;
  @Field({ nullable: true }) description?: string;
  @Field(() => JsonScalar, { nullable: true, description: 'Gates of `production` in the default flow.' })
  productionGates?: unknown;
  @Field(() => JsonScalar, { nullable: true, description: 'A whole flow instead of the default one.' }) flow?: unknown;
  @Field({ nullable: true, description: 'A flow of the workspace, which the model follows from now on.' }) flowName?: string;
}

@InputType({ description: 'A tag to set; without a value, one to remove.' })
export class TagChangeInput {
  @Field() key!: string;
  @Field(() => String, { nullable: true }) value?: string | null;
}

@InputType({ description: 'What is not named stays.' })
export class UpdateModelInput {
  @Field(() => ID) id!: string;
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => [TagChangeInput], { nullable: true }) tags?: TagChangeInput[] | null;
}

@InputType({ description: 'What is not named stays.' })
export class UpdateModelVersionInput {
  @Field(() => ModelCardInput, { nullable: true }) card?: ModelCardInput | null;
  @Field(() => ID) id!: string;
  @Field(() => String, { nullable: true }) description?: string | null;
  @Field(() => [TagChangeInput], { nullable: true }) tags?: TagChangeInput[] | null;
}

@InputType()
export class DeleteModelVersionInput {
  @Field(() => ID) id!: string;
}

@InputType()
export class SetModelAliasInput {
  @Field(() => ID) versionId!: string;
  @Field() alias!: string;
}

@InputType()
export class RemoveModelAliasInput {
  @Field(() => ID) modelId!: string;
  @Field() alias!: string;
}

@InputType()
export class RequestStageInput {
  @Field(() => ID) versionId!: string;
  @Field() stage!: string;
  @Field({ nullable: true }) reason?: string;
}

@InputType()
export class DecideInput {
  @Field(() => ID) requestId!: string;
  @Field({ nullable: true }) comment?: string;
}

@ObjectType()
export class ModelPayload extends Payload {
  @Field(() => ModelType, { nullable: true }) model?: ModelType;
}

@ObjectType()
export class ModelVersionPayload extends Payload {
  @Field(() => ModelVersionType, { nullable: true }) modelVersion?: ModelVersionType;
}

@ObjectType()
export class StageRequestPayload extends Payload {
  @Field(() => StageRequestType, { nullable: true }) stageRequest?: StageRequestType;
}
