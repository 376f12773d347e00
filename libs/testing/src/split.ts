import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, ROOT } from './child.js';
import { Client } from './client.js';
import { freePort } from './free-port.js';
import { attemptProcesses, kill9 } from './orphans.js';
import { SHORT_TIMES, type Server } from './server.js';
import { until } from './until.js';

export interface SplitOptions {
  /** Connection of the application's role, which is made with this password when it is missing. */
  readonly databaseUrl: string;
  /** Connection of the role that owns the tables. */
  readonly migrationUrl: string;
  readonly redisUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Every app, each as a process of its own. */
export const SPLIT_APPS = [
  'api',
  'dataset-registry',
  'experiment-tracking',
  'training-runner',
  'model-registry',
  'deployment',
  'automation',
  'inference',
] as const;
export type SplitApp = (typeof SPLIT_APPS)[number];

export interface SplitServer extends Server {
  pidOf(app: SplitApp): number;
}

/** Runs the migrations and starts every app as a process of its own; they share a database, a folder for blobs, and Redis when it is given. */
export async function startSplit(options: SplitOptions): Promise<SplitServer> {
  const { migrateAll } = await import('#host');
  const app = new URL(options.databaseUrl);
  await migrateAll(options.migrationUrl, decodeURIComponent(app.username), decodeURIComponent(app.password));
  const ports = await Promise.all(SPLIT_APPS.map(freePort));
  const split = new SplitProcesses(options, await mkdtemp(join(tmpdir(), 'tailrace-split-')), ports);
  try {
    await split.start();
  } catch (error) {
    await split.stop().catch(() => undefined);
    throw error;
  }
  return split;
}

class SplitProcesses implements SplitServer {
  token = '';
  private children = new Map<SplitApp, Child>();
  private env: Readonly<Record<string, string>>;

  constructor(
    private readonly options: SplitOptions,
    readonly home: string,
    private readonly ports: readonly number[],
  ) {
    this.env = { ...SHORT_TIMES, TAILRACE_LOG_LEVEL: 'warn', ...options.env };
  }

  get url(): string {
    return this.urlOf('api');
  }

  get databaseUrl(): string {
    return this.options.migrationUrl;
  }

  get pid(): number {
    return this.pidOf('api');
  }

  pidOf(app: SplitApp): number {
    return this.children.get(app)!.pid;
  }

  client(token = this.token): Client {
    return new Client(this.url, token);
  }

  async start(): Promise<void> {
    this.children = new Map(SPLIT_APPS.map((app) => [app, this.spawn(app)]));
    await Promise.all(SPLIT_APPS.map((app) => this.answers(app)));
    this.token = await until('the first tokens', async () => (await readFile(join(this.home, 'token'), 'utf8')).trim());
  }

  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.env = { ...this.env, ...env };
    await this.stopAll();
    await this.start();
  }

  async kill9(): Promise<void> {
    await Promise.all([...this.children.values()].map((child) => child.kill9()));
  }

  async stop(): Promise<void> {
    const failed = await this.stopAll();
    for (const { pid } of await attemptProcesses(this.home)) await kill9(pid);
    await rm(this.home, { recursive: true, force: true });
    if (failed.length) throw new Error(failed.join('\n'));
  }

  private async stopAll(): Promise<string[]> {
    const running = [...this.children].filter(([, child]) => child.running);
    const ends = await Promise.all(running.map(([, child]) => child.stop().catch((error: unknown) => error)));
    return running.flatMap(([app, child], index) =>
      ends[index] === 0 ? [] : [`${app} ended with ${String(ends[index])}: ${child.stderr}`],
    );
  }

  private spawn(app: SplitApp): Child {
    const { databaseUrl, redisUrl } = this.options;
    const env = {
      ...this.env,
      TAILRACE_HOME: this.home,
      TAILRACE_PORT: new URL(this.urlOf(app)).port,
      TAILRACE_API_URL: this.urlOf('api'),
      TAILRACE_INFERENCE_URL: this.urlOf('inference'),
      ...(app === 'inference' ? {} : { DATABASE_URL: databaseUrl, ...(redisUrl ? { REDIS_URL: redisUrl } : {}) }),
    };
    return new Child(process.execPath, [join(ROOT, 'dist', 'apps', app, 'src', 'main.js')], { env });
  }

  private async answers(app: SplitApp): Promise<void> {
    const child = this.children.get(app)!;
    await until(
      `${app} is ready`,
      async () => {
        if (!child.running) throw new Error(`${app} ended with ${child.code}: ${child.stderr}`);
        return (await fetch(`${this.urlOf(app)}${app === 'inference' ? '/v2/health/live' : '/readyz'}`)).ok;
      },
      60_000,
    );
  }

  private urlOf(app: SplitApp): string {
    return `http://127.0.0.1:${this.ports[SPLIT_APPS.indexOf(app)]}`;
  }
}
