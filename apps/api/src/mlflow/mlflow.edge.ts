import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DocumentNode } from 'graphql';
import { AccessView, allows, type Ctx } from '#access';
import { LOGGER } from '#messaging';
import type { Logger } from '#telemetry';
import { DomainError, type ErrorCode } from '#kernel';
import { stranger } from '../http/attempted.js';
import { Refusals } from '../http/refusals.js';
import { RequestAuth } from '../http/request-ctx.js';
import { mlflowDocument } from './graphql/document.js';
import { answerGraphql, type GraphqlRequest } from './graphql/mlflow-graphql.js';
import { CollectedReply } from './wire/collected-reply.js';
import { asWritten } from './wire/as-written.js';
import { MlflowError, toMlflowError, type MlflowCode } from './wire/errors.js';
import { RawJson } from './wire/json.js';
import type { GuardedRoute, Route } from './wire/route.js';

export const MLFLOW_ROUTES = Symbol('mlflow routes');

/** Largest JSON body: a log-batch of 1,000 metrics is 150 KB, a data set's schema and profile up to 18 MB. */
const JSON_LIMIT = 24 * 2 ** 20;

const DOMAIN_CODE: Partial<Record<MlflowCode, ErrorCode>> = {
  PERMISSION_DENIED: 'FORBIDDEN',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
};

/** Mounts the routes of MLflow's REST API beside Nest's own: same server, same tokens, MLflow's form of messages and errors. */
@Injectable()
export class MlflowEdge implements OnModuleInit {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly auth: RequestAuth,
    private readonly access: AccessView,
    private readonly refusals: Refusals,
    @Inject(MLFLOW_ROUTES) private readonly routes: readonly Route[],
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter?.getInstance<FastifyInstance>();
    if (!fastify?.register) return;
    fastify.addHook('preHandler', (request, reply, done) => {
      const document = request.routeOptions.url === '/graphql' ? mlflowDocument(request.body) : undefined;
      if (document) void this.answerGraphql(document, request, reply);
      else done();
    });
    void fastify.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      for (const route of this.routes.filter(({ streams }) => !streams)) this.mount(scope, route);
    });
    void fastify.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      for (const route of this.routes.filter(({ streams }) => streams)) this.mount(scope, route);
    });
  }

  private mount(scope: FastifyInstance, route: Route): void {
    const prefixes = route.path.startsWith('//') ? [''] : [`/api/${route.version}`, `/ajax-api/${route.version}`];
    for (const prefix of prefixes)
      scope.route({
        method: [...route.methods],
        url: prefix + route.path.replace(/^\/\//, '/'),
        bodyLimit: route.streams ? Number.MAX_SAFE_INTEGER : JSON_LIMIT,
        exposeHeadRoute: false,
        handler: (request, reply) => this.answer(route, request, reply),
        errorHandler: (error, request, reply) => this.refuse(error, request, reply),
      });
  }

  private async answer(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    try {
      const result = await this.handled(route, request, reply);
      if (reply.sent || result === reply) return reply;
      if (result instanceof RawJson) return reply.header('content-type', 'application/json; charset=utf-8').send(result.text);
      return reply.send(result ?? {});
    } catch (error) {
      await this.audit(error, request, `mlflow.${route.rpc}`);
      return this.refuse(error, request, reply);
    }
  }

  private async handled(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (route.access === 'public') return route.handle({ request, reply });
    const ctx = await this.authorized(route, request);
    return route.handle({ ...rawMessage(route, request), ...(request.params as object) }, { ctx, request, reply });
  }

  /** Answers what MLflow's own page asks at the address of our GraphQL. */
  private async answerGraphql(document: DocumentNode, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      requireJson(request);
      const asked = { ...(request.body as object), document } as GraphqlRequest;
      await this.auth.ctx(request.raw, asBearer(request.headers.authorization));
      void reply.send(await answerGraphql(asked, (rpc, input) => this.ask(rpc, input, request)));
    } catch (error) {
      await this.audit(error, request, 'mlflow.graphql');
      this.refuse(error, request, reply);
    }
  }

  /** What was refused stands in the audit, as the domain says it or in MLflow's own codes. */
  private async audit(error: unknown, request: FastifyRequest & { ctx?: Ctx }, action: string): Promise<void> {
    const refused = error instanceof MlflowError && DOMAIN_CODE[error.code];
    const who = request.ctx ?? stranger(request.raw);
    const input = [request.params, request.query, jsonOf(request.body)];
    await this.refusals.note(refused ? new DomainError(refused, error.message) : error, { who, action, input });
  }

  /** The answer of a route as an object, without sending it. */
  private async ask(rpc: string, input: Record<string, unknown>, request: FastifyRequest): Promise<Record<string, unknown>> {
    const route = this.routes.find((each) => each.rpc === rpc) as GuardedRoute;
    const ctx = await this.authorized(route, request);
    const collected = new CollectedReply();
    const result = await route.handle(input, { ctx, request, reply: collected as unknown as FastifyReply });
    const text = result instanceof RawJson ? result.text : result === collected ? await collected.text() : undefined;
    return (text === undefined ? result : JSON.parse(text)) as Record<string, unknown>;
  }

  private async authorized(route: GuardedRoute, request: FastifyRequest): Promise<Ctx> {
    const ctx = await this.auth.ctx(request.raw, asBearer(request.headers.authorization));
    (request as { ctx?: Ctx }).ctx = ctx;
    if (ctx.principal.kind === 'attempt' || !allows(ctx, route.access))
      throw new MlflowError('PERMISSION_DENIED', `Permission denied: this needs the permission ${route.access}`);
    const workspace = request.headers['x-mlflow-workspace'];
    if (workspace !== undefined && workspace !== (await this.access.workspaceName(ctx.workspaceId)))
      throw new MlflowError(
        'PERMISSION_DENIED',
        `Permission denied: the token is not one of the workspace ${String(workspace).slice(0, 100)}`,
      );
    return ctx;
  }

  private refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = toMlflowError(asWritten(error, request.body));
    this.logger[known.status >= 500 && known.status !== 501 ? 'error' : 'debug'](
      {
        code: known.code,
        error: known.message,
        path: request.url.split('?')[0],
        stack: known.code === 'INTERNAL_ERROR' ? (error as Error).stack : undefined,
      },
      'request failed',
    );
    if (known.status === 401) void reply.header('www-authenticate', 'Basic realm="mlflow"');
    if (known.status === 503) void reply.header('retry-after', '2');
    return reply.status(known.status).send(known.toJSON());
  }
}

/** Basic authentication is a token too: the password; the user's name says nothing. */
function asBearer(header: string | undefined): string | undefined {
  const basic = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '');
  if (!basic) return header;
  const text = Buffer.from(basic[1]!, 'base64').toString('utf8');
  return `Bearer ${text.slice(text.indexOf(':') + 1)}`;
}

function rawMessage(route: Route, request: FastifyRequest): Record<string, unknown> {
  if (route.streams) return request.query as Record<string, unknown>;
  const body = request.body as Buffer | undefined;
  if (request.method === 'GET' && (Object.keys(request.query as object).length > 0 || !body?.length))
    return fromQuery(route, request);
  if (request.method !== 'GET') requireJson(request);
  return fromBody(body);
}

/** What is small enough to look for a subject in. */
function jsonOf(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length > 65_536) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function fromQuery(route: Route, request: FastifyRequest): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request.query as Record<string, string | string[]>))
    raw[name] = route.repeated.has(name) ? [value].flat() : [value].flat()[0];
  return raw;
}

/** A browser cannot send this content type to another origin unasked, which is what keeps forged requests out. */
function requireJson(request: FastifyRequest): void {
  const type = request.headers['content-type'];
  if (type === undefined) throw new MlflowError('BAD_REQUEST', 'Bad Request. Content-Type header is missing.');
  if (type.split(';')[0]!.trim().toLowerCase() !== 'application/json')
    throw new MlflowError('BAD_REQUEST', "Bad Request. Content-Type must be one of ['application/json'].");
}

function fromBody(body: Buffer | undefined): Record<string, unknown> {
  if (!body?.length) return {};
  const parsed = parseJson(body.toString('utf8'));
  // Old clients encode twice.
  const message = typeof parsed === 'string' ? parseJson(parsed) : parsed;
  if (message === null) return {};
  if (typeof message !== 'object' || Array.isArray(message))
    throw new MlflowError('BAD_REQUEST', 'The request body must be a JSON object.');
  return message as Record<string, unknown>;
}

/** JSON; Python's bare NaN and Infinity are understood, since its own encoder writes them. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (part) => (part.startsWith('"') ? part : `"${part}"`)));
    } catch (error) {
      throw new MlflowError('BAD_REQUEST', `The request body is not JSON: ${(error as Error).message.slice(0, 200)}`);
    }
  }
}
