import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '#config';
import { build, startPlatformProcess, TAILRACE, type RunningPlatform } from '../../platform/src/backup/testing.js';
import { TailraceClient } from './client/tailrace-client.js';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface How {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
}

/** A platform in one process, and the command line in others. */
export class Bench {
  private constructor(
    readonly root: string,
    public platform: RunningPlatform,
    public client: TailraceClient,
  ) {}

  static async start(): Promise<Bench> {
    build();
    const root = await mkdtemp(join(tmpdir(), 'tailrace-cli-'));
    const platform = await startPlatformProcess(join(root, 'home'));
    return new Bench(root, platform, new TailraceClient(platform.url, platform.token));
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.platform.stop();
    await rm(this.root, { recursive: true, force: true });
  }

  /** Starts the platform anew on the port that it had. */
  async comeBack(env: Record<string, string> = {}): Promise<void> {
    await this.client.close();
    this.platform = await startPlatformProcess(join(this.root, 'home'), env, new URL(this.platform.url).port);
    this.client = new TailraceClient(this.platform.url, this.platform.token);
  }

  /** Runs the command line to its end. */
  cli(line: string | string[], { env = {}, stdin = '' }: How = {}): Promise<Ended> {
    const options = { env: this.environment(env), cwd: this.root };
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [TAILRACE, ...wordsOf(line)], options, (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
      );
      child.stdin!.end(stdin);
    });
  }

  /** What a command says with --json. Throws unless it ends by 0. */
  async json<T>(line: string | string[], how?: How): Promise<T> {
    const { code, out, err } = await this.cli([...wordsOf(line), '--json'], how);
    if (code !== 0) throw new Error(`exit code ${code}: ${err}`);
    return JSON.parse(out) as T;
  }

  /** A command that goes on. */
  begin(line: string): ChildProcess {
    return spawn(process.execPath, [TAILRACE, ...wordsOf(line)], {
      env: this.environment({}),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  private environment(extra: Record<string, string>): NodeJS.ProcessEnv {
    return childEnvironment({ TAILRACE_HOME: join(this.root, 'home'), XDG_CONFIG_HOME: join(this.root, 'config'), ...extra });
  }
}

function wordsOf(line: string | string[]): string[] {
  return typeof line === 'string' ? line.split(' ') : line;
}

/** A run with three points of `loss`. */
export async function aRun(client: TailraceClient, status?: string): Promise<string> {
  const errors = 'userErrors { code message }';
  const { experiment } = await client.mutate<{ experiment: { id: string } }>(
    `mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { experiment { id } ${errors} } }`,
    { name: 'by hand' },
  );
  const { run } = await client.mutate<{ run: { id: string } }>(
    `mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id } ${errors} } }`,
    { experimentId: experiment.id, name: 'first', params: [{ key: 'lr', value: '0.1' }] },
  );
  const metrics = [3, 2, 1].map((value, step) => ({ key: 'loss', value, step }));
  await client.mutate(`mutation ($input: LogRunInput!) { logRun(input: $input) { ${errors} } }`, { runId: run.id, metrics });
  if (status) await finish(client, run.id, status);
  return run.id;
}

export async function finish(client: TailraceClient, runId: string, status: string): Promise<void> {
  await client.mutate('mutation ($input: FinishRunInput!) { finishRun(input: $input) { userErrors { code message } } }', {
    runId,
    status,
  });
}

/** All that came out of a stream so far. */
export function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}
