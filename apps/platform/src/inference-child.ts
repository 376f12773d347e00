import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment, type Config } from '#config';
import { DeploymentView } from '#deployment';
import { sleep, Waker } from '#kernel';
import { Wakeups } from '#messaging';
import { childEntry } from '#process';

const LOOK_MS = 5000;
const MAX_WAIT_MS = 10_000;

/** The inference node of this machine: a process of its own, started with the first endpoint, started anew when it ends. */
export class InferenceChild {
  private child: ChildProcess | undefined;
  private readonly stopping = new AbortController();
  private readonly waker = new Waker();
  private running: Promise<void> | undefined;
  /** Where it answers; undefined while it does not run. */
  url: string | undefined;

  constructor(
    private readonly config: Config,
    private readonly view: DeploymentView,
    private readonly wakeups: Wakeups,
  ) {}

  start(apiUrl: string): void {
    this.running = this.run(apiUrl);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.waker.close();
    this.child?.kill('SIGTERM');
    await this.running;
  }

  private async run(apiUrl: string): Promise<void> {
    const { signal } = this.stopping;
    const off = this.wakeups.on('desired_state', () => this.waker.wake());
    while (!signal.aborted && !(await this.isWanted())) await this.waker.wait(LOOK_MS);
    off();
    for (let wait = 200; !signal.aborted; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
      const started = Date.now();
      await this.once(apiUrl);
      if (Date.now() - started > 60_000) wait = 200;
      await sleep(wait, signal);
    }
  }

  private async isWanted(): Promise<boolean> {
    this.waker.reset();
    return (await this.view.desired().catch(() => [])).length > 0;
  }

  private async once(apiUrl: string): Promise<void> {
    const child = fork(fileURLToPath(childEntry(import.meta.url, '../../inference/src/main.js')), [], {
      env: childEnvironment({
        TAILRACE_HOME: this.config.home,
        TAILRACE_HOST: this.config.http.host,
        TAILRACE_PORT: '0',
        TAILRACE_API_URL: apiUrl,
        TAILRACE_SERVICE_TOKEN_FILE: this.config.serviceTokenFile,
        TAILRACE_LOG_LEVEL: this.config.logLevel,
      }),
      // Its log lines are ours; its stdout would mix with what `up --json` says.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
    });
    this.child = child;
    child.on('message', (message: { url?: string }) => (this.url = message.url));
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    this.url = undefined;
  }
}
