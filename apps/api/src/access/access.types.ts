import { Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Connection, Node } from '../graphql/connection.js';
import { Payload } from '../graphql/payload.js';

export enum RoleEnum {
  viewer = 'viewer',
  editor = 'editor',
  approver = 'approver',
  admin = 'admin',
}
registerEnumType(RoleEnum, { name: 'Role', description: 'Each has all that the one before it has.' });
export enum TokenScopeEnum {
  all = 'all',
  read = 'read',
  predict = 'predict',
  node = 'node',
}
registerEnumType(TokenScopeEnum, { name: 'TokenScope' });

@ObjectType()
export class GrantType {
  @Field() path!: string;
  @Field(() => RoleEnum) role!: RoleEnum;
}

@ObjectType('Member', { implements: () => Node })
export class MemberType extends Node {
  @Field() name!: string;
  @Field() createdAt!: Date;
  @Field(() => Date, { nullable: true, description: 'Since when it has neither roles nor tokens.' }) removedAt?: Date | null;
}
export const MemberConnection = Connection(MemberType, 'Member');

@InputType()
export class CreateWorkspaceInput {
  @Field() name!: string;
  @Field({ defaultValue: 'admin', description: 'Name of its first member, an admin.' }) admin!: string;
}

@ObjectType()
export class CreateWorkspacePayload extends Payload {
  @Field(() => ID, { nullable: true }) workspaceId?: string;
  @Field({ nullable: true, description: 'Token of its admin; it is shown now and never again.' }) token?: string;
}

@InputType()
export class CreateMemberInput {
  @Field() name!: string;
  @Field(() => RoleEnum) role!: RoleEnum;
  @Field({ nullable: true, description: 'Project path that the role is good for; / when absent.' }) project?: string;
}

@InputType()
export class GrantRoleInput {
  @Field(() => ID) memberId!: string;
  @Field(() => RoleEnum) role!: RoleEnum;
  @Field({ nullable: true, description: 'Project path that the role is good for, with all below it; / when absent.' })
  project?: string;
}

@InputType()
export class WithdrawRoleInput {
  @Field(() => ID) memberId!: string;
  @Field({ nullable: true, description: 'Exactly this project path; / when absent.' }) project?: string;
}

@ObjectType('Token')
export class TokenType {
  @Field(() => ID) id!: string;
  @Field({ description: 'By which its member knows it; its text is kept by nobody.' }) name!: string;
  @Field(() => TokenScopeEnum) scope!: TokenScopeEnum;
  @Field() createdAt!: Date;
  @Field(() => Date, { nullable: true }) expiresAt?: Date | null;
  @Field(() => Date, { nullable: true }) revokedAt?: Date | null;
}
export const TokenConnection = Connection(TokenType, 'Token');

@InputType()
export class TokenFilter {
  @Field(() => ID, { nullable: true }) memberId?: string;
  @Field({ nullable: true, description: 'Also those that are revoked or expired.' }) ended?: boolean;
}

@InputType()
export class CreateTokenInput {
  @Field(() => ID, { nullable: true, description: "The caller's own when absent; only an admin makes one for another." })
  memberId?: string;
  @Field() name!: string;
  @Field(() => TokenScopeEnum, { defaultValue: TokenScopeEnum.all }) scope!: TokenScopeEnum;
  @Field(() => Int, {
    nullable: true,
    description: 'Days until it expires; when absent, never for an admin, and for others with the token in use.',
  })
  ttlDays?: number;
}

@ObjectType()
export class MemberPayload extends Payload {
  @Field(() => MemberType, { nullable: true }) member?: MemberType;
}

@ObjectType()
export class CreateTokenPayload extends Payload {
  @Field(() => ID, { nullable: true }) tokenId?: string;
  @Field({ nullable: true, description: 'The token; it is shown now and never again.' }) token?: string;
}

@ObjectType()
export class RevokeTokenPayload extends Payload {
  @Field(() => ID, { nullable: true }) tokenId?: string;
}
