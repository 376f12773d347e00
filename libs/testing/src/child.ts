import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '#config';
import { signalProcess } from '#database';

const STDERR_KEPT = 8000;
/** What must not outlive this process, whatever ends it. */
const live = new Set<Child>();
process.on('exit', () => live.forEach((child) => child.signal('SIGKILL')));

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface ChildOptions extends Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'> {
  readonly env?: Readonly<Record<string, string>>;
  readonly onStderr?: (text: string) => void;
}

/** A process in a group of its own, with the last of what it said. */
export class Child {
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private out = '';
  private err = '';

  constructor(command: string, args: readonly string[], { env, onStderr, ...options }: ChildOptions = {}) {
    this.child = spawn(command, args, {
      ...options,
      env: childEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child.stdout!.on('data', (text: Buffer) => (this.out += String(text)));
    this.child.stderr!.on('data', (text: Buffer) => {
      this.err = (this.err + String(text)).slice(-STDERR_KEPT);
      onStderr?.(String(text));
    });
    live.add(this);
    this.ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()).once('error', () => resolve())).then(
      () => void live.delete(this),
    );
  }

  get pid(): number {
    return this.child.pid!;
  }

  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  get code(): number | null {
    return this.child.exitCode;
  }

  get stderr(): string {
    return this.err;
  }

  /** The first line on stdout; undefined while there is none. Throws when the process has ended without one. */
  async firstLine(): Promise<string | undefined> {
    const end = this.out.indexOf('\n');
    if (end < 0 && !this.running) throw new Error(`the process ended with code ${this.code}: ${this.err}`);
    return end < 0 ? undefined : this.out.slice(0, end);
  }

  signal(name: NodeJS.Signals): void {
    if (this.running) signalProcess(this.pid, name);
  }

  /** SIGTERM and the exit code; SIGKILL after `ms`, which is an error. */
  async stop(ms = 25_000): Promise<number | null> {
    this.signal('SIGTERM');
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      this.signal('SIGKILL');
    }, ms);
    await this.ended;
    clearTimeout(timer);
    if (killed) throw new Error(`the process did not end within ${ms / 1000} s of SIGTERM: ${this.err}`);
    return this.code;
  }

  async kill9(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
}
