import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection } from '../graphql/connection.js';
import { JsonScalar } from '../graphql/json.scalar.js';

export enum AuditOutcome {
  done = 'done',
  refused = 'refused',
}
registerEnumType(AuditOutcome, { name: 'AuditOutcome' });

@ObjectType('AuditEntry')
export class AuditEntryType {
  @Field(() => ID) id!: string;
  @Field() at!: Date;
  @Field({ description: 'Member, trigger, attempt or part of the platform that acted; `anonymous` without a known token.' })
  actor!: string;
  @Field(() => ID, { nullable: true, description: 'The token that it came by.' }) tokenId?: string | null;
  @Field({ description: 'The event, as model_version.approved; of what was refused, what was called, as graphql.createRun.' })
  action!: string;
  @Field() subjectKind!: string;
  @Field() subjectId!: string;
  @Field(() => AuditOutcome) outcome!: AuditOutcome;
  @Field(() => Int, { description: 'How many times; repeats of a refusal or a read within a minute are one entry.' })
  count!: number;
  @Field(() => String, { nullable: true }) reason?: string | null;
  @Field(() => String, { nullable: true }) address?: string | null;
  @Field(() => JsonScalar, { nullable: true }) before?: unknown;
  @Field(() => JsonScalar, { nullable: true }) after?: unknown;
  @Field() correlationId!: string;
  @Field(() => String, { nullable: true, description: 'Event that caused it.' }) causationId?: string | null;
}
export const AuditConnection = Connection(AuditEntryType, 'AuditEntry');

@ObjectType('AuditHead', {
  description: "Where the workspace's chain ends: keep it elsewhere, and the chain can be held against it.",
})
export class AuditHeadType {
  @Field(() => ID) workspaceId!: string;
  @Field(() => Float) position!: number;
  @Field({ description: 'SHA-256 of the last link, in hex.' }) hash!: string;
  @Field(() => String, { nullable: true, description: 'When the last linked entry was written, with microseconds.' }) at?:
    string | null;
}

@InputType({ description: 'What is given must all hold.' })
export class AuditFilter {
  @Field(() => ID, { nullable: true }) subjectId?: string;
  @Field({ nullable: true }) subjectKind?: string;
  @Field({ nullable: true, description: 'An action, or with a dot at its end all that begin with it: model_version.' })
  action?: string;
  @Field({ nullable: true }) actor?: string;
  @Field(() => ID, { nullable: true }) memberId?: string;
  @Field(() => ID, { nullable: true }) tokenId?: string;
  @Field({ nullable: true }) address?: string;
  @Field(() => AuditOutcome, { nullable: true }) outcome?: AuditOutcome;
  @Field({ nullable: true }) correlationId?: string;
  @Field({ nullable: true, description: 'From this moment on.' }) from?: Date;
  @Field({ nullable: true, description: 'Before this moment.' }) to?: Date;
}
