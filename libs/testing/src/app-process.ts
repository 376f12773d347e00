import { join } from 'node:path';
import { Child, ROOT } from './child.js';
import { until } from './until.js';

/** Every app that can be a process of its own. */
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

/** The installation that an app belongs to. */
export interface Installation {
  readonly home: string;
  /** Connection of the application's role. */
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  readonly apiUrl: string;
  readonly inferenceUrl?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** One app as a process of its own, on a port of this machine. */
export class AppProcess {
  readonly child: Child;
  private readonly url: string;

  constructor(
    readonly app: SplitApp,
    port: number,
    { home, databaseUrl, redisUrl, apiUrl, inferenceUrl, env }: Installation,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    const place = {
      ...env,
      TAILRACE_HOME: home,
      TAILRACE_PORT: String(port),
      TAILRACE_API_URL: apiUrl,
      ...(inferenceUrl ? { TAILRACE_INFERENCE_URL: inferenceUrl } : {}),
      ...(app === 'inference' ? {} : { DATABASE_URL: databaseUrl, ...(redisUrl ? { REDIS_URL: redisUrl } : {}) }),
    };
    this.child = new Child(process.execPath, [join(ROOT, 'dist', 'apps', app, 'src', 'main.js')], { env: place });
  }

  /** Resolves when it is ready for work. Throws with what it said when it ends instead. */
  async ready(): Promise<void> {
    await until(
      `${this.app} is ready`,
      async () => {
        if (!this.child.running) throw new Error(`${this.app} ended with ${this.child.code}: ${this.child.stderr}`);
        return (await fetch(`${this.url}${this.app === 'inference' ? '/v2/health/live' : '/readyz'}`)).ok;
      },
      60_000,
    );
  }

  /** Orderly end; what is wrong with it, if anything is. */
  async stop(): Promise<string | undefined> {
    if (!this.child.running) return undefined;
    const end = await this.child.stop().catch((error: unknown) => error);
    return end === 0 ? undefined : `${this.app} ended with ${String(end)}: ${this.child.stderr}`;
  }
}
