import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goneWithin, processIdentity, signalProcess } from '#database';
import { AppProcess, type SplitApp } from './app-process.js';
import { Child, ROOT } from './child.js';
import { Client } from './client.js';
import { freePort } from './free-port.js';
import { attemptProcesses, kill9 } from './orphans.js';
import { SHORT_TIMES, type Server } from './server.js';
import { embeddedServer } from './superuser.js';
import { until } from './until.js';

export interface PlatformTestOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** State that exists already, and stays; a fresh folder, removed at the end, when absent. */
  readonly home?: string;
  readonly onStderr?: (text: string) => void;
  /** Root of another build. */
  readonly root?: string;
}

/** Starts `tailrace up` as a process of its own on a free port, with an embedded PostgreSQL and short leases. */
export async function startPlatform(options: PlatformTestOptions = {}): Promise<Server> {
  const dir = options.home ? undefined : await mkdtemp(join(tmpdir(), 'tailrace-large-'));
  const platform = new PlatformProcess(options.home ?? join(dir!, 'home'), dir, options);
  try {
    await platform.start();
  } catch (error) {
    await platform.stop().catch(() => undefined);
    throw error;
  }
  return platform;
}

class PlatformProcess implements Server {
  url = '';
  token = '';
  databaseUrl = '';
  applicationUrl = '';
  private child: Child | undefined;
  private others: AppProcess[] = [];
  private env: Readonly<Record<string, string>>;

  constructor(
    readonly home: string,
    private readonly dir: string | undefined,
    private readonly options: PlatformTestOptions,
  ) {
    this.env = { ...SHORT_TIMES, TAILRACE_LOG_LEVEL: 'warn', ...options.env };
  }

  get pid(): number {
    return this.child!.pid;
  }

  client(token = this.token): Client {
    return new Client(this.url, token);
  }

  async start(): Promise<void> {
    if (this.child?.running) return;
    const port = this.url ? new URL(this.url).port : '0';
    const child = new Child(
      process.execPath,
      [...entryOf(this.options.root ?? ROOT), '--home', this.home, '--port', port, '--json'],
      {
        env: this.env,
        onStderr: this.options.onStderr,
      },
    );
    this.child = child;
    const line = await until('the platform is ready', async () => child.firstLine().catch((error: Error) => error), 60_000, 20);
    if (line instanceof Error) throw line;
    ({ url: this.url, token: this.token } = JSON.parse(line) as { url: string; token: string });
    this.databaseUrl = (await embeddedServer(this.home)).url;
    this.applicationUrl = await applicationUrlOf(this.home, this.databaseUrl);
  }

  async another(app: SplitApp): Promise<void> {
    const { home, env, applicationUrl: databaseUrl, url: apiUrl } = this;
    const other = new AppProcess(app, await freePort(), { home, env, databaseUrl, apiUrl });
    this.others.push(other);
    await other.ready();
  }

  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.env = { ...this.env, ...env };
    await this.stopOthers();
    await this.child?.stop();
    await this.start();
  }

  async kill9(app?: SplitApp): Promise<void> {
    await this.child?.kill9();
    if (!app) await Promise.all(this.others.splice(0).map(({ child }) => child.kill9()));
  }

  async stop(): Promise<void> {
    const failed = await this.stopOthers();
    const orderly = this.child?.running;
    const code = await this.child?.stop().catch((error: unknown) => error);
    await this.endLeftovers();
    if (this.dir) await rm(this.dir, { recursive: true, force: true });
    if (orderly && code !== 0) failed.push(`the platform ended with ${String(code)}: ${this.child!.stderr}`);
    if (failed.length) throw new Error(failed.join('\n'));
  }

  private async stopOthers(): Promise<string[]> {
    const ends = await Promise.all(this.others.splice(0).map((other) => other.stop()));
    return ends.filter((end) => end !== undefined);
  }

  /** After a SIGKILL the database and the attempts are nobody's. */
  private async endLeftovers(): Promise<void> {
    for (const { pid } of await attemptProcesses(this.home)) await kill9(pid);
    const server = await embeddedServer(this.home).catch(() => undefined);
    const identity = server && (await processIdentity(server.pid));
    if (!identity) return;
    signalProcess(server.pid, 'SIGINT');
    if (!(await goneWithin(server.pid, identity, 15_000))) await kill9(server.pid);
  }
}

async function applicationUrlOf(home: string, databaseUrl: string): Promise<string> {
  const url = new URL(databaseUrl);
  url.username = 'tailrace_app';
  url.password = (await readFile(join(home, 'database-password'), 'utf8')).trim();
  return url.toString();
}

/** The command line, or the platform itself where that is older than the command line. */
function entryOf(root: string): string[] {
  const cli = existsSync(join(root, 'dist', 'apps', 'cli', 'src', 'main.js'));
  return cli ? [join(root, 'bin', 'tailrace.mjs'), 'up'] : [join(root, 'dist', 'apps', 'platform', 'src', 'main.js')];
}
