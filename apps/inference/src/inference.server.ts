import { errorMessage } from '#kernel';
import type { Logger, Metrics } from '#telemetry';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { faultAnswer, json, type Answer } from './answer.js';
import type { CallerBook } from './caller-book.js';
import { checkContentType } from './infer-request.js';
import type { OpenInference } from './open-inference.js';
import { checkLength, HungUp, linger, readBody } from './read-body.js';
import { matchRoute, type FixedRoute, type Route } from './routes.js';
import { answerBrokenRequest } from './broken-request.js';

const INDEX_LIMIT = 64 * 1024;
const DRAIN_MS = 10_000;

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly maxBodyBytes: number;
  readonly protocol: OpenInference;
  readonly callers: CallerBook;
  /** Whether this node has loaded what it should serve. */
  readonly isReady: () => boolean;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * The HTTP side of the data plane. Bare node:http: a framework costs 15 to 60 µs of CPU per request, as much as the prediction itself, and
 * every answer here is made whole and sent by one write.
 */
export class InferenceServer {
  private readonly server: Server;
  private draining = false;

  constructor(private readonly options: ServerOptions) {
    // Longer than the idle time of usual proxies, so that it is they who close.
    this.server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 120_000, headersTimeout: 20_000 });
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.handle(request, response);
    this.server.on('request', handle);
    // Expect: 100-continue is answered only once the body is wanted.
    this.server.on('checkContinue', handle);
    this.server.on('clientError', answerBrokenRequest);
  }

  /** Resolves to the base URL once it listens. */
  async start(): Promise<string> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
    const { address, family, port: actual } = this.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
  }

  /** Takes no new connections, answers what has begun (for at most 10 s), and closes. */
  async stop(): Promise<void> {
    this.draining = true;
    const timer = setTimeout(() => this.server.closeAllConnections(), DRAIN_MS);
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    clearTimeout(timer);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now();
    let answer: Answer | undefined;
    try {
      answer = await this.answer(request, response);
    } catch (error) {
      answer = this.refuse(request, error);
    }
    if (!answer) return;
    this.send(response, answer);
    const labels = { method: request.method!, status: `${Math.floor(answer.status / 100)}xx` };
    this.options.metrics.httpSeconds.record((performance.now() - began) / 1000, labels);
  }

  private send(response: ServerResponse, { status, body, type, headers }: Answer): void {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    const close = this.draining ? { connection: 'close' } : undefined;
    response.writeHead(status, { 'content-type': type, 'content-length': length, ...headers, ...close });
    response.end(body);
  }

  /** Undefined when there is nobody left to answer. */
  private refuse(request: IncomingMessage, error: unknown): Answer | undefined {
    if (error instanceof HungUp) return undefined;
    linger(request);
    const answer = faultAnswer(error);
    if (answer) return answer;
    this.options.logger.error({ reason: errorMessage(error), stack: (error as Error).stack }, 'a request failed');
    return json(500, { error: 'the server failed; its log says why' });
  }

  private answer(request: IncomingMessage, response: ServerResponse): Answer | Promise<Answer> {
    const route = matchRoute(request.method!, request.url!);
    const { protocol, callers } = this.options;
    if (!('name' in route)) return this.fixed(route.kind, request, response);
    const caller = callers.authenticate(request.headers.authorization);
    if (route.kind === 'model') return protocol.metadata(caller, route);
    if (route.kind === 'modelReady') return protocol.modelReady(caller, route);
    return this.infer(caller, route, request, response);
  }

  private fixed(kind: FixedRoute, request: IncomingMessage, response: ServerResponse): Answer | Promise<Answer> {
    const { protocol } = this.options;
    const ready = !this.draining && this.options.isReady();
    if (kind === 'server') return protocol.server();
    if (kind === 'live') return protocol.live();
    if (kind === 'ready') return protocol.ready(ready);
    if (kind === 'livez') return json(200, { status: 'ok' });
    if (kind === 'readyz') return json(ready ? 200 : 503, { status: ready ? 'ok' : 'not ready' });
    if (kind === 'metrics') return this.metrics();
    return this.index(request, response);
  }

  private async metrics(): Promise<Answer> {
    return { status: 200, body: await this.options.metrics.text(), type: 'text/plain; version=0.0.4; charset=utf-8' };
  }

  private async index(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const caller = this.options.callers.authenticate(request.headers.authorization);
    return this.options.protocol.index(caller, await receive(request, response, INDEX_LIMIT));
  }

  private async infer(
    caller: ReturnType<CallerBook['authenticate']>,
    route: Extract<Route, { name: string }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Answer> {
    const { protocol, maxBodyBytes } = this.options;
    const served = protocol.hold(caller, route);
    try {
      checkContentType(request.headers);
      const body = await receive(request, response, maxBodyBytes);
      return await protocol.infer(served, route.name, request.headers, body);
    } finally {
      served.release();
    }
  }
}

function receive(request: IncomingMessage, response: ServerResponse, limit: number): Promise<Buffer> {
  checkLength(request, limit);
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
  return readBody(request, limit);
}
