import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppProcess, SPLIT_APPS, type Installation, type SplitApp } from './app-process.js';
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
  private readonly processes = new Map<SplitApp, AppProcess>();
  private readonly others: AppProcess[] = [];
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

  get applicationUrl(): string {
    return this.options.databaseUrl;
  }

  get pid(): number {
    return this.pidOf('api');
  }

  pidOf(app: SplitApp): number {
    return this.processes.get(app)!.child.pid;
  }

  client(token = this.token): Client {
    return new Client(this.url, token);
  }

  async start(): Promise<void> {
    const missing = SPLIT_APPS.filter((app) => !this.processes.get(app)?.child.running);
    for (const app of missing) this.processes.set(app, this.spawn(app, Number(new URL(this.urlOf(app)).port)));
    await Promise.all(missing.map((app) => this.processes.get(app)!.ready()));
    this.token = await until('the first tokens', async () => (await readFile(join(this.home, 'token'), 'utf8')).trim());
  }

  async another(app: SplitApp): Promise<void> {
    const other = this.spawn(app, await freePort());
    this.others.push(other);
    await other.ready();
  }

  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.env = { ...this.env, ...env };
    await this.stopAll();
    await this.start();
  }

  async kill9(app?: SplitApp): Promise<void> {
    const killed = app ? [this.processes.get(app)!] : this.all();
    await Promise.all(killed.map(({ child }) => child.kill9()));
  }

  async stop(): Promise<void> {
    const failed = await this.stopAll();
    for (const { pid } of await attemptProcesses(this.home)) await kill9(pid);
    await rm(this.home, { recursive: true, force: true });
    if (failed.length) throw new Error(failed.join('\n'));
  }

  private all(): AppProcess[] {
    return [...this.processes.values(), ...this.others];
  }

  private async stopAll(): Promise<string[]> {
    const ends = await Promise.all(this.all().map((each) => each.stop()));
    return ends.filter((end) => end !== undefined);
  }

  private spawn(app: SplitApp, port: number): AppProcess {
    const { databaseUrl, redisUrl } = this.options;
    const { home, env } = this;
    const urls = { apiUrl: this.urlOf('api'), inferenceUrl: this.urlOf('inference') };
    return new AppProcess(app, port, { home, databaseUrl, redisUrl, env, ...urls } satisfies Installation);
  }

  private urlOf(app: SplitApp): string {
    return `http://127.0.0.1:${this.ports[SPLIT_APPS.indexOf(app)]}`;
  }
}
