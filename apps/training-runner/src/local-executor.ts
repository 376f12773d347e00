import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Inject, Injectable } from '@nestjs/common';
import { childEnvironment, type Config } from '#config';
import { goneWithin, processIdentity, signalProcess } from '#database';
import { CONFIG } from '#host';
import { childEntry } from '#process';
import type { ClaimedJob } from '#training';

export interface AttemptEnd {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastLines: string;
}

interface Recorded {
  readonly pid: number;
  readonly identity: string;
}

const KILL_WAIT_MS = 10_000;
const TAIL_BYTES = 2000;

/** Runs attempts as processes of this machine. Each is told the API's URL and its own token by a 0600 file, and nothing else. */
@Injectable()
export class LocalExecutor {
  private readonly dir: string;
  private readonly children = new Map<ChildProcess, ClaimedJob>();

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.dir = join(config.home, 'attempts');
  }

  /** Name of this runner: the same at every start on this home. */
  get runner(): string {
    return `${hostname()}-${createHash('sha256').update(this.config.home).digest('hex').slice(0, 8)}`;
  }

  /** Starts an attempt; resolves when its process has ended. */
  async run(job: ClaimedJob, apiUrl: string): Promise<AttemptEnd> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const secret = join(this.dir, `${randomUUID()}.json`);
    await writeFile(secret, JSON.stringify({ apiUrl, token: job.token }), { mode: 0o600 });
    const log = join(this.dir, `${job.jobId}-${job.attempt}.log`);
    const output = await open(log, 'w', 0o600);
    try {
      const entry = fileURLToPath(childEntry(import.meta.url, './attempt/attempt.main.js'));
      // A group of its own: Ctrl-C in the terminal is for the platform, which then ends its attempts in order.
      const child = spawn(process.execPath, [entry, secret], {
        env: childEnvironment(),
        stdio: ['ignore', output.fd, output.fd],
        detached: true,
      });
      return await this.follow(child, job, log);
    } finally {
      await output.close();
      await rm(secret, { force: true });
    }
  }

  private async follow(child: ChildProcess, job: ClaimedJob, log: string): Promise<AttemptEnd> {
    this.children.set(child, job);
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', (error) => resolve({ code: 1, signal: error.message }));
    });
    const record = join(this.dir, `${job.jobId}-${job.attempt}.pid`);
    const identity = child.pid && (await processIdentity(child.pid));
    if (identity) await writeFile(record, JSON.stringify({ pid: child.pid, identity } satisfies Recorded));
    const end = await ended;
    this.children.delete(child);
    await rm(record, { force: true });
    const lastLines = (await readFile(log, 'utf8').catch(() => '')).slice(-TAIL_BYTES);
    if (end.code === 0) await rm(log, { force: true });
    return { ...end, lastLines };
  }

  /** Attempts whose processes live, and how to end one that does not end by itself. */
  live(): { readonly jobId: string; readonly attempt: number; end(): void }[] {
    return [...this.children].map(([child, { jobId, attempt }]) => ({ jobId, attempt, end: () => void child.kill('SIGKILL') }));
  }

  /** Asks every attempt to stop, so that it keeps a last checkpoint, and ends those that do not within the grace. */
  async stopAll(graceMs: number): Promise<void> {
    const children = [...this.children.keys()];
    children.forEach((child) => child.kill('SIGTERM'));
    const timer = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), graceMs);
    await Promise.all(
      children.map(
        (child) => child.exitCode !== null || child.signalCode !== null || new Promise((resolve) => child.once('exit', resolve)),
      ),
    );
    clearTimeout(timer);
  }

  /** Ends attempts that an earlier process of this home left running: known by pid and start time, so that no stranger is hit. */
  async stopOrphans(): Promise<number> {
    const records = (await readdir(this.dir).catch(() => [] as string[])).filter((name) => name.endsWith('.pid'));
    let stopped = 0;
    for (const name of records) {
      const path = join(this.dir, name);
      const { pid, identity } = JSON.parse(await readFile(path, 'utf8')) as Recorded;
      if ((await processIdentity(pid)) === identity && signalProcess(pid, 'SIGKILL')) {
        await goneWithin(pid, identity, KILL_WAIT_MS);
        stopped += 1;
      }
      await rm(path, { force: true });
    }
    return stopped;
  }
}
