import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MAX_INCOMING_BYTES } from '#automation';
import type { Config } from '#config';
import { LIMITS } from '../graphql/limits.js';
import type { InferenceProxy } from '../inference/inference.proxy.js';
import { OriginPolicy } from './origin.js';
import { correlationOf } from './request-ctx.js';

/** Largest JSON body; files are streamed and have their own limit. */
const BODY_LIMIT = 2 * 2 ** 20;

/** Event of the server: somebody was refused where nothing of the framework saw it. */
export const TURNED_AWAY = 'turned away';

export interface TurnedAway {
  readonly request: IncomingMessage;
  readonly action: string;
  readonly reason: string;
}

/** What inference nodes refuse, by status. */
const NODE_REFUSALS: Readonly<Record<number, string>> = {
  401: 'the inference node knows no such token',
  403: 'the token may not use this endpoint',
};
/** Messages from outside that fire a trigger, and the type by which their bytes are kept as they are. */
const INCOMING = /^\/v1\/triggers\/[^/?]+\/incoming(\?|$)/;
const AS_BYTES = 'application/vnd.tailrace.signed';

/**
 * The one front door: Host and Origin are checked before anything else, predictions go straight to an inference node without passing the
 * framework, everything else goes to Nest.
 */
export function createAdapter(config: Config, proxy: InferenceProxy): FastifyAdapter {
  const policy = new OriginPolicy(config.http.host, config.http.allowedHosts);
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    serverFactory: (handler: RequestListener) => frontDoor(policy, proxy, handler),
  });
  const fastify = adapter.getInstance();
  fastify.addHook('onRoute', (route) => {
    if (route.url === '/graphql') route.bodyLimit = LIMITS.bodyBytes;
  });
  // A signature is of the very bytes: whatever a signed message is called, it is not parsed on its way.
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (INCOMING.test(request.url)) request.headers['content-type'] = AS_BYTES;
    done();
  });
  fastify.addContentTypeParser(AS_BYTES, { parseAs: 'buffer', bodyLimit: MAX_INCOMING_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  for (const type of ['application/octet-stream', 'text/csv', 'application/vnd.apache.parquet'])
    fastify.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  return adapter;
}

function frontDoor(policy: OriginPolicy, proxy: InferenceProxy, handler: RequestListener): Server {
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    // Of a client whose address of the server ends with a slash.
    request.url = request.url?.replace(/^\/{2,}/, '/');
    response.setHeader('x-correlation-id', correlationOf(request));
    response.setHeader('x-content-type-options', 'nosniff');
    const refusal = policy.refusal(request);
    if (refusal) {
      server.emit(TURNED_AWAY, { request, action: 'http.request', reason: refusal } satisfies TurnedAway);
      return refuse(response, refusal);
    }
    if (isPrediction(request.url)) {
      response.on('finish', () => {
        const reason = NODE_REFUSALS[response.statusCode];
        if (reason) server.emit(TURNED_AWAY, { request, action: 'inference.request', reason } satisfies TurnedAway);
      });
      return proxy.forward(request, response);
    }
    return handler(request, response);
  });
  server.prependListener('upgrade', (request, socket) => {
    const refusal = policy.refusal(request);
    if (!refusal && request.url?.split('?')[0] === '/graphql') return;
    if (refusal) server.emit(TURNED_AWAY, { request, action: 'socket.upgrade', reason: refusal } satisfies TurnedAway);
    socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  return server;
}

function isPrediction(url = ''): boolean {
  return url === '/v2' || url.startsWith('/v2/') || url.startsWith('/v2?');
}

function refuse(response: ServerResponse, message: string): void {
  const body = JSON.stringify({ error: { code: 'FORBIDDEN', message } });
  response.writeHead(403, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}
