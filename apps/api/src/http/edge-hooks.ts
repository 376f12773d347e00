import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import type { FastifyInstance } from 'fastify';
import { LOGGER } from '#messaging';
import { Metrics, type Logger } from '#telemetry';
import { LIMITS } from '../graphql/limits.js';
import { correlationOf } from './request-ctx.js';

/** What the frameworks leave open: the size of socket messages, and one log line and one measurement per request. */
@Injectable()
export class EdgeHooks implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly modules: ModuleRef,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter?.getInstance<FastifyInstance>();
    if (!fastify?.addHook) return;
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
