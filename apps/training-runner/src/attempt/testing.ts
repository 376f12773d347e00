import {
  ClaimSchema,
  FinishSchema,
  LogMetricsSchema,
  LogParamsSchema,
  TrainingSpecSchema,
  type Claim,
  type Finish,
  type MetricPoint,
  type TrainingSpecInput,
} from '#contracts';
import { sha256 } from '#kernel';
import { DuckDBInstance } from '@duckdb/node-api';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PENGUINS = new URL('../../../cli/data/penguins.csv', import.meta.url).pathname;

/** The penguins as a Parquet table. */
export async function penguins(): Promise<Uint8Array> {
  const dir = mkdtempSync(join(tmpdir(), 'attempt-'));
  const out = join(dir, 'penguins.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(
    `COPY (SELECT COLUMNS(c -> NOT contains(c, '(')), CAST(COLUMNS(c -> contains(c, '(')) AS DOUBLE) FROM read_csv('${PENGUINS}')) TO '${out}' (FORMAT parquet)`,
  );
  connection.closeSync();
  const bytes = readFileSync(out);
  rmSync(dir, { recursive: true });
  return bytes;
}

interface Interception {
  readonly status?: number;
  readonly code?: string;
  readonly headers?: Record<string, string>;
  /** Handle the call, but close the connection instead of answering. */
  readonly loseAnswer?: boolean;
}

/** The platform as an attempt sees it, in memory: tests read what it was told and make it misbehave by `intercept`. */
export class FakePlatform {
  readonly blobs = new Map<string, Uint8Array>();
  readonly points: MetricPoint[] = [];
  readonly tags: Record<string, string> = {};
  readonly checkpoints: { sha256: string; epoch: number }[] = [];
  readonly finishes: Finish[] = [];
  readonly calls: string[] = [];
  readonly beats: { epoch?: number }[] = [];
  cancel = false;
  spec: TrainingSpecInput = { task: 'classification', label: 'Species' };
  checkpoint: { sha256: string; epoch: number } | null = null;
  reproduces: Claim['reproduces'];
  heartbeatMs = 50;
  intercept: (route: string, body: Buffer) => Interception | undefined = () => undefined;
  private readonly server = createServer((request, response) => void this.handle(request, response));

  constructor(private readonly table: Uint8Array) {
    this.blobs.set(sha256(table), table);
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const route = `${request.method} ${request.url!.replace('/attempt/v1', '').replace(/[0-9a-f]{64}/, '*')}`;
    this.calls.push(route);
    if (request.headers.authorization !== 'Bearer secret')
      return answer(response, 401, { error: { code: 'UNAUTHENTICATED', message: 'no' } });
    const intercepted = this.intercept(route, body);
    if (intercepted?.status)
      return answer(
        response,
        intercepted.status,
        { error: { code: intercepted.code ?? 'X', message: 'by the test' } },
        intercepted.headers,
      );
    const result = this.route(route, request.url!.slice(-64), body);
    if (intercepted?.loseAnswer) return void request.socket.destroy();
    if (result instanceof Uint8Array) return void response.end(result);
    answer(response, result === undefined ? 404 : 200, result ?? { error: { code: 'NOT_FOUND', message: route } });
  }

  private route(route: string, blob: string, body: Buffer): unknown {
    if (route === 'GET /blobs/*') return this.blobs.get(blob);
    if (route === 'PUT /blobs/*') return this.blobs.set(blob, body) && {};
    const json: unknown = JSON.parse(body.toString());
    if (route === 'POST /claim') return this.claim();
    if (route === 'POST /heartbeat') return this.beats.push(json as { epoch?: number }) && { cancel: this.cancel };
    if (route === 'POST /metrics') return this.points.push(...LogMetricsSchema.parse(json).points) && {};
    if (route === 'POST /describe') return Object.assign(this.tags, LogParamsSchema.parse(json).tags);
    if (route === 'POST /checkpoint') return this.checkpoints.push(json as { sha256: string; epoch: number }) && {};
    if (route === 'POST /finish') return this.finishes.push(FinishSchema.parse(json)) && {};
    return undefined;
  }

  private claim(): unknown {
    return ClaimSchema.parse({
      jobId: 'job_1',
      runId: 'run_1',
      attempt: 1,
      spec: TrainingSpecSchema.parse(this.spec),
      backend: 'auto',
      reproduces: this.reproduces,
      heartbeatMs: this.heartbeatMs,
      table: { sha256: sha256(this.table), size: this.table.byteLength },
      checkpoint: this.checkpoint,
    });
  }
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
