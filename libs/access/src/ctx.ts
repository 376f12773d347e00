import type { LoggedEvent } from '#contracts';
import type { TxGuard } from '#database';
import { DomainError, newId, systemClock, type Clock } from '#kernel';
import type { EventContext } from '#messaging';
import {
  covers,
  isWorkspaceWide,
  roleAllows,
  ROLES,
  scopeAllows,
  type Grant,
  type Permission,
  type Role,
  type Scope,
} from './model/permissions.js';

export type Principal =
  | {
      readonly kind: 'member';
      readonly memberId: string;
      readonly tokenId: string;
      readonly grants: readonly Grant[];
      readonly scope: Scope;
    }
  /** A trigger acts with its owner's rights, and says so; where others have a hand in it, with what all of them may. */
  | {
      readonly kind: 'trigger';
      readonly triggerId: string;
      readonly memberId: string;
      /**
       * Members who have a hand in it beside the owner: who last changed it, who holds the secret that fires it, who had it fired once more. They ask for
       * what it does as the owner does, so that none of them approves it.
       */
      readonly others: readonly string[];
      readonly grants: readonly Grant[];
    }
  /** An inference node or another machine of the installation. */
  | { readonly kind: 'service'; readonly tokenId: string; readonly scope: Scope }
  /** An attempt of a training job, good for its own run only. */
  | { readonly kind: 'attempt'; readonly jobId: string; readonly runId: string; readonly attempt: number }
  /** The platform itself, reacting to an event. */
  | { readonly kind: 'system'; readonly name: string };

/** Who asks, on whose behalf, in which workspace, because of what. First argument of every use case. */
export interface Ctx extends EventContext {
  readonly principal: Principal;
  readonly clock: Clock;
  readonly address: string | null;
  /** Makes the next transaction of this context happen once (an inbox row, an idempotency key). */
  readonly guard?: TxGuard;
}

export function authIdOf(principal: Principal): string {
  switch (principal.kind) {
    case 'member':
      return principal.memberId;
    case 'trigger':
      return principal.triggerId;
    case 'service':
      return principal.tokenId;
    case 'attempt':
      return `${principal.jobId}#${principal.attempt}`;
    case 'system':
      return `system:${principal.name}`;
  }
}

export function createCtx(workspaceId: string, principal: Principal, more: Partial<Ctx> = {}): Ctx {
  return {
    workspaceId,
    principal,
    authId: authIdOf(principal),
    correlationId: newId('event').slice(4),
    causationId: null,
    hops: 0,
    clock: systemClock,
    address: null,
    ...more,
  };
}

/** Where a chain of causes stands, as what is written down now goes on with it later. Plain JSON. */
export interface Chain {
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly hops: number;
}

export function chainOf({ correlationId, causationId, hops }: Chain): Chain {
  return { correlationId, causationId, hops };
}

/** A context that goes on with a chain, if there is one. */
export function inChain(ctx: Ctx, chain: Chain | null): Ctx {
  return chain ? { ...ctx, ...chainOf(chain) } : ctx;
}

/** Context of a reaction: the platform acts, caused by `event`. */
export function reactionCtx(event: LoggedEvent, name: string, guard?: TxGuard): Ctx {
  return createCtx(
    event.workspaceId,
    { kind: 'system', name },
    {
      correlationId: event.correlationId,
      causationId: event.id,
      hops: event.hops + 1,
      guard,
    },
  );
}

export function allows(ctx: Ctx, permission: Permission, project?: string): boolean {
  const principal = ctx.principal;
  switch (principal.kind) {
    case 'system':
      return true;
    case 'attempt':
      return false;
    case 'service':
      return scopeAllows(principal.scope, permission);
    case 'trigger':
      return grantsAllow(principal.grants, permission, project);
    case 'member':
      return scopeAllows(principal.scope, permission) && grantsAllow(principal.grants, permission, project);
  }
}

function grantsAllow(grants: readonly Grant[], permission: Permission, project: string | undefined): boolean {
  const where = isWorkspaceWide(permission) ? '/' : project;
  return grants.some((grant) => (where === undefined || covers(grant.path, where)) && roleAllows(grant.role, permission));
}

/** Whether the caller has at least `role` on a project, in person or through a trigger; the platform itself has every one. */
export function hasRole(ctx: Ctx, role: Role, project: string): boolean {
  const principal = ctx.principal;
  if (principal.kind === 'system') return true;
  if (principal.kind !== 'member' && principal.kind !== 'trigger') return false;
  return grantsRole(principal.grants, role, project);
}

/** Whether one of the grants gives at least `role` on a project. */
export function grantsRole(grants: readonly Grant[], role: Role, project: string): boolean {
  return grants.some((grant) => covers(grant.path, project) && ROLES.indexOf(grant.role) >= ROLES.indexOf(role));
}

/** Throws FORBIDDEN when the caller lacks `permission` on `project` (or, without a project, everywhere). */
export function authorize(ctx: Ctx, permission: Permission, project?: string): void {
  if (!allows(ctx, permission, project))
    throw new DomainError('FORBIDDEN', `this needs the permission ${permission}${project ? ` on ${project}` : ''}`);
}

/** Project paths on which the caller has `permission`, for lists; undefined means every path. */
export function readablePaths(ctx: Ctx, permission: Permission): string[] | undefined {
  const principal = ctx.principal;
  if (principal.kind !== 'member' && principal.kind !== 'trigger') return undefined;
  const paths = principal.grants.filter((grant) => roleAllows(grant.role, permission)).map((grant) => grant.path);
  return paths.includes('/') ? undefined : paths;
}

/** The member behind a context, whether it acts itself or through a trigger; null for the platform. */
export function memberOf(ctx: Ctx): string | null {
  return ctx.principal.kind === 'member' || ctx.principal.kind === 'trigger' ? ctx.principal.memberId : null;
}

/** The token that a context came by; null for triggers, attempts (whose token is of their own) and the platform. */
export function tokenOf(ctx: Ctx): string | null {
  return ctx.principal.kind === 'member' || ctx.principal.kind === 'service' ? ctx.principal.tokenId : null;
}

/** Members who have a hand in what is done beside the one who answers for it; none where no trigger acts. */
export function othersOf(ctx: Ctx): readonly string[] {
  return ctx.principal.kind === 'trigger' ? ctx.principal.others : [];
}
