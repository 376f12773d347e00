import { Field, ObjectType } from '@nestjs/graphql';
import { isDomainError } from '#kernel';
import { ERROR_TABLE } from '../http/error-table.js';

@ObjectType({ description: 'An expected failure: what was wrong, where, and what would be right. Nothing was changed.' })
export class UserError {
  @Field() code!: string;
  @Field() message!: string;
  @Field(() => String, { nullable: true, description: 'Path of the input that was wrong.' }) field?: string | null;
}

@ObjectType({ isAbstract: true })
export abstract class Payload {
  @Field(() => [UserError]) userErrors!: UserError[];
}

const CAUSE = Symbol('cause');

/** Runs a mutation: expected failures become `userErrors`, the others are thrown. */
export async function mutate<T extends object>(work: () => Promise<T>): Promise<T & { userErrors: UserError[] }> {
  try {
    return { ...(await work()), userErrors: [] };
  } catch (error) {
    if (!isDomainError(error) || !ERROR_TABLE[error.code].user) throw error;
    const { code, message, field = null } = error;
    return { userErrors: [{ code, message, field }], [CAUSE]: error } as unknown as T & { userErrors: UserError[] };
  }
}

/** The error behind the `userErrors` of a payload. */
export function causeOf(payload: unknown): unknown {
  return payload !== null && typeof payload === 'object' ? (payload as { [CAUSE]?: unknown })[CAUSE] : undefined;
}

/** An input in which what is null counts as not given. */
export function withoutNulls<T extends object>(input: T): { [K in keyof T]: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)) as {
    [K in keyof T]: Exclude<T[K], null>;
  };
}
