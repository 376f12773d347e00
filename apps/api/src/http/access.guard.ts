import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import { allows, type Ctx, type Permission } from '#access';
import { ACCESS_METADATA, type AccessRule } from '#host';
import { DomainError } from '#kernel';
import type { GraphContext } from '../graphql/graph-context.js';
import { RequestAuth } from './request-ctx.js';

export type AuthorizedRequest = FastifyRequest & { ctx: Ctx };

/** Denies first: a route or resolver without a rule is refused (and boot has failed before that). */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly auth: RequestAuth,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === 'public') return true;
    const ctx = await this.ctxOf(context);
    if (!rule || !permits(ctx, rule))
      throw new DomainError('FORBIDDEN', rule ? `this needs the permission ${rule}` : 'no access rule is declared here');
    return true;
  }

  private async ctxOf(context: ExecutionContext): Promise<Ctx> {
    if (context.getType<string>() === 'graphql') return GqlExecutionContext.create(context).getContext<GraphContext>().ctx;
    const request = context.switchToHttp().getRequest<AuthorizedRequest>();
    request.ctx ??= await this.auth.ctx(request.raw);
    return request.ctx;
  }
}

function permits(ctx: Ctx, rule: Exclude<AccessRule, 'public'>): boolean {
  return rule === 'attempt' ? ctx.principal.kind === 'attempt' : allows(ctx, rule as Permission);
}
