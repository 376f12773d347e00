import type { ArgumentsHost } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { GraphQLResolveInfo } from 'graphql';
import type { IncomingMessage } from 'node:http';
import type { Ctx } from '#access';
import type { GraphContext } from '../graphql/graph-context.js';
import type { Attempted } from './refusals.js';
import { correlationOf } from './request-ctx.js';

/** A caller of whom no more is known than where from; a request that was broken off has no socket any more. */
export function stranger(request: IncomingMessage): Attempted['who'] {
  const socket = request.socket as IncomingMessage['socket'] | null;
  return { address: socket?.remoteAddress ?? null, correlationId: correlationOf(request) };
}

/** What was called, by whom, on what, of a resolver or a route. */
export function attemptedIn(host: ArgumentsHost): Attempted {
  if (host.getType<string>() === 'graphql') {
    const [, input, context, info] = host.getArgs<[unknown, unknown, GraphContext, GraphQLResolveInfo]>();
    return { who: context.ctx, action: `graphql.${info.fieldName}`, input };
  }
  const request = host.switchToHttp().getRequest<FastifyRequest & { ctx?: Ctx }>();
  const action = `http.${request.method} ${request.routeOptions.url ?? 'unknown'}`;
  return { who: request.ctx ?? stranger(request.raw), action, input: request.params };
}
