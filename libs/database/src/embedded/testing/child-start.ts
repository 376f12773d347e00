import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Ids } from '../users.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Flags with which plain Node runs our TypeScript. */
export const TS_FLAGS = [
  '--no-warnings',
  '--conditions=source',
  '--experimental-transform-types',
  '--import',
  path('./ts-hooks.mjs'),
];

export interface StartedElsewhere {
  readonly port: number;
  readonly pid: number;
  readonly superuserUrl: string;
  readonly adopted: boolean;
}

/** A process of its own that starts the server of `dir`. */
export class ChildStart {
  private readonly child: ChildProcess;
  private output = '';

  constructor(dir: string, { args = [], ids = {} }: { args?: string[]; ids?: Partial<Ids> } = {}) {
    this.child = spawn(process.execPath, [...TS_FLAGS, path('./start-and-wait.ts'), dir, ...args], {
      ...ids,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.on('data', (text) => (this.output += String(text)));
  }

  async started(): Promise<StartedElsewhere> {
    while (!this.output.includes('\n')) await Promise.race([once(this.child.stdout!, 'data'), this.failure()]);
    return JSON.parse(this.output) as StartedElsewhere;
  }

  async kill(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** The exit code, once it ended by itself. */
  async exited(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  private async failure(): Promise<never> {
    await once(this.child, 'close');
    throw new Error(`the child ended: ${this.output}`);
  }
}
