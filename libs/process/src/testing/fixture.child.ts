import { DomainError } from '#kernel';
import { serveChild } from '../serve-child.js';

interface Task {
  readonly do: string;
  readonly size?: number;
}

/** A child for the tests of this library: does what its input names. */
const TASKS: Record<string, (task: Task) => unknown> = {
  echo: (task) => ({ task, pid: process.pid, environment: Object.keys(process.env) }),
  refuse: () => {
    throw new DomainError('BAD_DATA', 'the table is empty', 'table');
  },
  bug: () => {
    throw new TypeError('x is not a function');
  },
  crash: () => {
    process.stdout.write('o'.repeat(1_000_000));
    // A pipe is written in the background, and process.exit would not wait for it.
    return new Promise(() => process.stderr.write(`${'noise\n'.repeat(50_000)}about to die\n`, () => process.exit(7)));
  },
  hang: () => new Promise(() => setInterval(() => {}, 1000)),
  spin: () => {
    for (;;);
  },
  fill: () => {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index })));
  },
  big: (task) => new Uint8Array(task.size ?? 0).fill(7),
};

serveChild(async (input) => {
  const task = input as Task;
  return TASKS[task.do]?.(task);
});
