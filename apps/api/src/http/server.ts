import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Config } from '#config';
import { LIMITS } from '../graphql/limits.js';
import type { InferenceProxy } from '../inference/inference.proxy.js';
import { OriginPolicy } from './origin.js';
import { correlationOf } from './request-ctx.js';

/** Largest JSON body; files are streamed and have their own limit. */
const BODY_LIMIT = 2 * 2 ** 20;

/** Messages from outside that fire a trigger. */
const INCOMING = /^\/v1\/triggers\/[^/?]+\/incoming(\?|$)/;

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
  // A signature is of the very bytes: the body of a signed message is not parsed on its way.
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (INCOMING.test(request.url)) request.headers['content-type'] = 'application/octet-stream';
    done();
  });
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
    if (refusal) return refuse(response, refusal);
    if (isPrediction(request.url)) return proxy.forward(request, response);
    return handler(request, response);
  });
  server.prependListener('upgrade', (request, socket) => {
    if (!policy.refusal(request) && request.url?.split('?')[0] === '/graphql') return;
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
