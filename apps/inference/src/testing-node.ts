import { loadConfig } from '#config';
import { createLogger } from '#telemetry';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInference, type InferenceNode } from './inference.role.js';
import { FakeControlPlane } from './testing-control-plane.js';
import { TOKEN } from './testing.js';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A started node with its own folder and a fake control plane. */
export class TestNode {
  readonly control = new FakeControlPlane();
  private running: InferenceNode | undefined;
  private apiUrl = '';
  private home = '';

  async start(): Promise<void> {
    this.home = await mkdtemp(join(tmpdir(), 'inference-'));
    this.apiUrl = await this.control.start();
    await this.writeToken(this.control.token);
    await this.startNode();
  }

  async writeToken(token: string): Promise<void> {
    await mkdir(this.home, { recursive: true });
    await writeFile(join(this.home, 'service-token'), `${token}\n`);
  }

  async startNode(): Promise<void> {
    const config = loadConfig({ TAILRACE_HOME: this.home, TAILRACE_PORT: '0', TAILRACE_API_URL: this.apiUrl });
    this.running = await startInference(config, createLogger('silent', 'inference'));
  }

  async stopNode(): Promise<void> {
    await this.running?.stop();
    this.running = undefined;
  }

  async stop(): Promise<void> {
    await this.stopNode();
    await this.control.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  get url(): string {
    return this.running!.url;
  }

  get cacheFolder(): string {
    return join(this.home, 'inference-cache');
  }

  async get(path: string, token = TOKEN): Promise<Reply> {
    return this.send('GET', path, undefined, { authorization: `Bearer ${token}` });
  }

  async infer(body: unknown, name = 'penguins', headers: Record<string, string> = {}): Promise<Reply> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const all = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers };
    return this.send('POST', `/v2/models/${name}/infer`, text, all);
  }

  async send(method: string, path: string, body: string | undefined, headers: Record<string, string>): Promise<Reply> {
    const response = await fetch(`${this.url}${path}`, { method, body, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? (JSON.parse(text) as Reply['body']) : {} };
  }
}

/** Polls until `check` gives something, for at most 10 s. */
export async function until<T>(check: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (let tries = 0; tries < 500; tries++) {
    const value = await check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never came true: ${check.toString()}`);
}
