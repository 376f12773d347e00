import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { badValue } from '#database';
import { errorMessage, isDomainError } from '#kernel';
import { LOGGER } from '#messaging';
import type { Logger } from '#telemetry';
import type { GraphContext } from '../graphql/graph-context.js';
import { ERROR_TABLE, isUnavailable } from './error-table.js';
import { attemptedIn } from './attempted.js';
import { Refusals } from './refusals.js';
import { correlationOf } from './request-ctx.js';

/** What a caller may know of an error: never a stack, SQL or a path. */
export interface PublicError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly field?: string;
}

export function toPublicError(error: unknown): PublicError {
  if (isDomainError(error))
    return { status: ERROR_TABLE[error.code].status, code: error.code, message: error.message, field: error.field };
  if (error instanceof HttpException) {
    const body = error.getResponse();
    const message = typeof body === 'string' ? body : ((body as { message?: string }).message ?? error.message);
    return { status: error.getStatus(), code: error.getStatus() === 404 ? 'NOT_FOUND' : 'BAD_REQUEST', message: String(message) };
  }
  if (isUnavailable(error))
    return { status: 503, code: 'UNAVAILABLE', message: 'the database is not reachable for the moment; try again' };
  // Lists are asked for by query builders, which do not go through runSql.
  const problem = badValue(error);
  if (problem) return { status: ERROR_TABLE.BAD_INPUT.status, code: 'BAD_INPUT', message: problem };
  const status = (error as { statusCode?: number } | null)?.statusCode;
  if (status && status < 500) return { status, code: status === 413 ? 'TOO_LARGE' : 'BAD_REQUEST', message: errorMessage(error) };
  return { status: 500, code: 'INTERNAL', message: 'something went wrong on our side; the correlation id finds it in the logs' };
}

/** Maps what was thrown, once, for HTTP and GraphQL, logs it at its level, and audits it where it was refused. */
@Catch()
export class EdgeExceptionFilter implements ExceptionFilter {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly refusals: Refusals,
  ) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<unknown> {
    const known = toPublicError(error);
    this.log(error, known, host);
    await this.refusals.note(error, attemptedIn(host));
    if (host.getType<string>() === 'graphql') return fieldError(known);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof HttpException && typeof error.getResponse() === 'object' && 'failed' in (error.getResponse() as object))
      return void reply.status(known.status).send(error.getResponse());
    if (known.status === 503) void reply.header('retry-after', '2');
    const { status, ...body } = known;
    return void reply.status(status).send({ error: { ...body, correlationId: correlationOf(request.raw) } });
  }

  private log(error: unknown, known: PublicError, host: ArgumentsHost): void {
    const level = isDomainError(error) ? ERROR_TABLE[error.code].level : known.status >= 500 ? 'error' : 'debug';
    const stack = known.code === 'INTERNAL' && error instanceof Error ? error.stack : undefined;
    this.logger[level](
      { code: known.code, error: errorMessage(error), stack, correlationId: correlationIn(host) },
      'request failed',
    );
  }
}

/** Error of a field: the answer as a whole stays 200, as clients of GraphQL expect. */
function fieldError(known: PublicError): GraphQLError {
  return new GraphQLError(known.message, { extensions: { code: known.code, field: known.field } });
}

/** Error of a request that could not begin: the whole answer has its status. */
export function requestError(known: PublicError): GraphQLError {
  return new GraphQLError(known.message, {
    extensions: { code: known.code, field: known.field, http: { status: known.status } },
  });
}

function correlationIn(host: ArgumentsHost): string | undefined {
  if (host.getType<string>() === 'graphql') return host.getArgByIndex<GraphContext | undefined>(2)?.ctx?.correlationId;
  return correlationOf(host.switchToHttp().getRequest<FastifyRequest>().raw);
}
