import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '#kernel';
import { LOGGER } from '#messaging';
import { Metrics, type Logger } from '#telemetry';
import { LIMITS } from '../graphql/limits.js';
import { stranger } from './attempted.js';
import { Refusals } from './refusals.js';
import { correlationOf, RequestAuth } from './request-ctx.js';
import { TURNED_AWAY, type TurnedAway } from './server.js';

/** What the frameworks leave open: the size of socket messages, and one log line and one measurement per request. */
@Injectable()
export class EdgeHooks implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly modules: ModuleRef,
    private readonly metrics: Metrics,
    private readonly auth: RequestAuth,
    private readonly refusals: Refusals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter?.getInstance<FastifyInstance>();
    if (!fastify?.addHook) return;
    fastify.server.on(TURNED_AWAY, (turned: TurnedAway) => void this.turnedAway(turned));
    fastify.addHook('onResponse', async (request, reply) => {
      const status = reply.statusCode;
      this.metrics.httpSeconds.record(reply.elapsedTime / 1000, {
        method: request.method,
        status: `${Math.floor(status / 100)}xx`,
      });
      const path = request.url.split('?')[0];
      this.logger.debug(
        { method: request.method, path, status, ms: Math.round(reply.elapsedTime), correlationId: correlationOf(request.raw) },
        'request',
      );
    });
  }

  private async turnedAway({ request, action, reason }: TurnedAway): Promise<void> {
    // Who sent a foreign Host or Origin is not asked for; whom a node refused may be known here.
    const who = action === 'inference.request' ? await this.auth.ctx(request).catch(() => undefined) : undefined;
    const error = new DomainError(who || action !== 'inference.request' ? 'FORBIDDEN' : 'UNAUTHENTICATED', reason);
    await this.refusals.note(error, { who: who ?? stranger(request), action });
  }

  /** The WebSocket server is made by Nest without a limit: 100 MiB a message. */
  onApplicationBootstrap(): void {
    const server = (this.modules.get(GraphQLModule, { strict: false }) as unknown as HasSocketServer).graphQlAdapter
      ?._subscriptionService?.wss;
    if (!server)
      throw new Error(
        'the WebSocket server of @nestjs/graphql is not where it was: its message size must be limited another way',
      );
    server.options.maxPayload = LIMITS.bodyBytes;
  }
}

interface HasSocketServer {
  readonly graphQlAdapter?: { readonly _subscriptionService?: { readonly wss?: { readonly options: { maxPayload?: number } } } };
}
