import { Inject, Injectable } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { ApolloServerPlugin } from '@apollo/server';
import type { GqlOptionsFactory } from '@nestjs/graphql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
} from 'graphql';
import type { IncomingMessage } from 'node:http';
import { IdempotencyGuard, type Ctx } from '#access';
import { canonicalJson, sha256 } from '#kernel';
import { LOGGER } from '#messaging';
import type { Logger } from '#telemetry';
import { requestError, toPublicError } from '../http/exception.filter.js';
import { stranger } from '../http/attempted.js';
import { Refusals } from '../http/refusals.js';
import { RequestAuth } from '../http/request-ctx.js';
import { SCALARS } from './date-time.scalar.js';
import type { GraphContext } from './graph-context.js';
import { LIMITS, limitRule } from './limits.js';
import { Loaders } from './loaders.js';
import { Views } from './views.js';

/** Subscriptions that one socket may hold. */
const MAX_SUBSCRIPTIONS = 50;

interface SocketContext {
  readonly connectionParams?: Record<string, unknown>;
  readonly extra: { readonly request: IncomingMessage; ctx?: Ctx };
  readonly subscriptions: Record<string, unknown>;
}

/** Apollo over HTTP and graphql-ws over the WebSocket, both with the caller's context, the same limits, and errors that say nothing internal. */
@Injectable()
export class GraphqlConfig implements GqlOptionsFactory<ApolloDriverConfig> {
  constructor(
    private readonly auth: RequestAuth,
    private readonly views: Views,
    private readonly refusals: Refusals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  createGqlOptions(): ApolloDriverConfig {
    return {
      driver: ApolloDriver,
      path: '/graphql',
      autoSchemaFile: true,
      sortSchema: true,
      buildSchemaOptions: { scalarsMap: SCALARS },
      graphiql: false,
      playground: false,
      introspection: true,
      includeStacktraceInErrorResponses: false,
      hideSchemaDetailsFromClientErrors: false,
      csrfPrevention: true,
      stopOnTerminationSignals: false,
      validationRules: [limitRule],
      parseOptions: { maxTokens: LIMITS.tokens },
      persistedQueries: false,
      preserveHttpStatusForExecutionErrors: false,
      plugins: [wholeAnswerStatus],
      cache: 'bounded',
      context: (request: FastifyRequest, _reply: FastifyReply) => this.httpContext(request),
      formatError: (formatted, error) => this.masked(formatted, error),
      subscriptions: { 'graphql-ws': this.socketOptions() as never },
    };
  }

  private async httpContext(request: FastifyRequest): Promise<GraphContext> {
    const ctx = await this.auth.ctx(request.raw).catch(async (error: unknown) => {
      await this.refusals.note(error, { who: stranger(request.raw), action: 'graphql.request' });
      throw requestError(toPublicError(error));
    });
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string') return this.graphContext(ctx);
    try {
      const guard = new IdempotencyGuard(ctx.workspaceId, ctx.authId, key, sha256(canonicalJson(request.body)));
      return this.graphContext({ ...ctx, guard });
    } catch (error) {
      throw requestError(toPublicError(error));
    }
  }

  private graphContext(ctx: Ctx): GraphContext {
    return { ctx, loaders: new Loaders(ctx, this.views) };
  }

  private socketOptions(): object {
    return {
      path: '/graphql',
      connectionInitWaitTimeout: 10_000,
      onConnect: async (socket: SocketContext) => {
        const { authorization, Authorization } = (socket.connectionParams ?? {}) as Record<string, unknown>;
        const header = authorization ?? Authorization ?? socket.extra.request.headers.authorization;
        socket.extra.ctx = await this.auth
          .ctx(socket.extra.request, typeof header === 'string' ? header : undefined)
          .catch(async (error: unknown) => {
            await this.refusals.note(error, { who: stranger(socket.extra.request), action: 'socket.connect' });
            return undefined;
          });
        return socket.extra.ctx !== undefined;
      },
      context: (socket: SocketContext) => this.graphContext(socket.extra.ctx!),
      onSubscribe: (
        socket: SocketContext,
        _id: string,
        payload: { query: string; variables?: Record<string, unknown>; operationName?: string },
      ) => this.checkedArgs(socket, payload),
      validate: (schema: GraphQLSchema, document: DocumentNode) => validate(schema, document, [...specifiedRules, limitRule]),
      onError: (_socket: SocketContext, _id: string, _payload: unknown, errors: readonly GraphQLError[]) =>
        errors.map((error) => this.maskedSocketError(error)),
    };
  }

  /** graphql-ws does not limit what it parses: the same limits as over HTTP are applied here. Undefined lets it go on. */
  private checkedArgs(socket: SocketContext, payload: { query: string }): readonly GraphQLError[] | ExecutionArgs | undefined {
    if (Object.keys(socket.subscriptions).length > MAX_SUBSCRIPTIONS)
      return [new GraphQLError(`a socket may hold ${MAX_SUBSCRIPTIONS} subscriptions`)];
    if (payload.query.length > LIMITS.bodyBytes) return [new GraphQLError('the document is too large')];
    try {
      parse(payload.query, { maxTokens: LIMITS.tokens });
      return undefined;
    } catch (error) {
      return [error as GraphQLError];
    }
  }

  private masked(formatted: { message: string; extensions?: Record<string, unknown> }, error: unknown) {
    const original = error instanceof GraphQLError ? error.originalError : undefined;
    if (!original || original instanceof GraphQLError) return formatted;
    const known = toPublicError(original);
    return { ...formatted, message: known.message, extensions: { code: known.code, field: known.field } };
  }

  private maskedSocketError(error: GraphQLError): object {
    const original = error.originalError;
    if (!original || original instanceof GraphQLError) return error.toJSON();
    const known = toPublicError(original);
    if (known.code === 'INTERNAL') this.logger.error({ error: original.message, stack: original.stack }, 'subscription failed');
    return { message: known.message, path: error.path, extensions: { code: known.code, field: known.field } };
  }
}

/** Errors that make the whole answer something else than 200, and what it is then. */
const STATUS_OF_CODE: Record<string, number> = { IDEMPOTENCY_MISMATCH: 422, UNAVAILABLE: 503 };

const wholeAnswerStatus: ApolloServerPlugin = {
  async requestDidStart() {
    return {
      async willSendResponse({ response }) {
        const errors = response.body.kind === 'single' ? (response.body.singleResult.errors ?? []) : [];
        const status = errors.map((error) => STATUS_OF_CODE[String(error.extensions?.code)]).find(Boolean);
        if (!status) return;
        response.http.status = status;
        if (status === 503) response.http.headers.set('retry-after', '2');
      },
    };
  },
};
