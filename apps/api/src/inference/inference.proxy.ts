import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';

/** Headers that belong to one hop only. */
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'proxy-authorization', 'host']);

/** Passes `/v2` on to the inference node, streaming both ways; the node authenticates by itself. */
export class InferenceProxy {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256 });

  /** `target` answers the node's URL, or undefined while there is none. */
  constructor(private readonly target: () => string | undefined) {}

  forward(request: IncomingMessage, response: ServerResponse): void {
    const target = this.target();
    if (!target) return unavailable(response, 'no inference node is running yet; it starts with the first endpoint');
    const upstream = httpRequest(new URL(request.url ?? '/', target), {
      method: request.method,
      headers: forwarded(request),
      agent: this.agent,
    });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, oneHop(answer));
      answer.pipe(response);
    });
    upstream.on('error', () => {
      if (response.headersSent) response.destroy();
      else unavailable(response, 'the inference node does not answer; try again');
    });
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  close(): void {
    this.agent.destroy();
  }
}

function forwarded(request: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined && !HOP.has(name)) headers[name] = value;
  return headers;
}

function oneHop(answer: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(answer.headers)) if (value !== undefined && !HOP.has(name)) headers[name] = value;
  return headers;
}

function unavailable(response: ServerResponse, error: string): void {
  const body = JSON.stringify({ error });
  response
    .writeHead(503, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'retry-after': '1' })
    .end(body);
}
