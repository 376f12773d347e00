import type { Caller, DesiredRevision, DesiredState, ObservedState } from '#contracts';
import { sha256 } from '#kernel';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A control plane for tests: the three internal routes over a state in memory. */
export class FakeControlPlane {
  readonly blobs = new Map<string, Uint8Array>();
  readonly reports: ObservedState[] = [];
  /** Paths of blobs that were asked for. */
  readonly fetched: string[] = [];
  token = 'service-token';
  /** Milliseconds before a blob is sent. */
  blobDelay = 0;
  private state: DesiredState = { generation: '0', revisions: [], callers: [] };
  private readonly waiting = new Set<() => void>();
  private readonly server: Server = createServer((request, response) => void this.handle(request, response));

  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  addBlob(bytes: Uint8Array): void {
    this.blobs.set(sha256(bytes), bytes);
  }

  publish(revisions: DesiredRevision[], callers: Caller[]): void {
    this.state = { generation: String(Number(this.state.generation) + 1), revisions, callers };
    for (const wake of this.waiting) wake();
  }

  /** The last report, if it says something of the revision. */
  observed(revisionId: string) {
    return this.reports.at(-1)?.revisions.find((revision) => revision.revisionId === revisionId);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://localhost');
    if (request.headers.authorization !== `Bearer ${this.token}`) return void response.writeHead(401).end();
    if (url.pathname === '/internal/v1/desired') return this.desired(url.searchParams.get('after'), response);
    if (url.pathname === '/internal/v1/observed') return this.observe(request, response);
    this.fetched.push(url.pathname);
    await new Promise((resolve) => setTimeout(resolve, this.blobDelay));
    const blob = this.blobs.get(url.pathname.split('/').at(-1)!);
    response.writeHead(blob ? 200 : 404).end(blob);
  }

  private async desired(after: string | null, response: ServerResponse): Promise<void> {
    if (after === this.state.generation)
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
        setTimeout(wake, 1000).unref();
      });
    if (after === this.state.generation) return void response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.state));
  }

  private async observe(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.reports.push(JSON.parse(Buffer.concat(chunks).toString()) as ObservedState);
    response.writeHead(204).end();
  }
}
