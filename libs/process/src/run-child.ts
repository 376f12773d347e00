import { childEnvironment } from '#config';
import { DomainError } from '#kernel';
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { track } from './live-children.js';
import { OutputTail } from './output-tail.js';
import { fromWire, isAnswer, type ChildAnswer, type ChildInput } from './wire.js';

/** A child that has answered but does not leave by itself within this time is killed; its answer counts all the same. */
const EXIT_GRACE_MS = 5000;

export interface ChildCall {
  /** A compiled file that calls serveChild; see childEntry. */
  readonly entry: URL | string;
  /** Anything that structured clone takes. */
  readonly input: unknown;
  readonly timeoutMs: number;
  /** Limit of the JavaScript heap; buffers and native memory are not in it. */
  readonly maxOldSpaceMb?: number;
  readonly signal?: AbortSignal;
  readonly cwd?: string;
}

/** How a child ended, whatever the way. */
interface Ending {
  readonly exitCode: number | null;
  readonly exitSignal: NodeJS.Signals | null;
  readonly answer?: ChildAnswer;
  readonly killed?: 'timeout' | 'abort';
  readonly spawnError?: Error;
}

/**
 * Runs one call in a process of its own, which is gone when this returns. A DomainError of the child arrives with its code and field.
 * Throws CHILD_FAILED for any other end (crash, out of memory, timeout), with the last lines of its stderr, and ABORTED by `signal`.
 */
export async function runChild<T>(call: ChildCall): Promise<T> {
  if (call.signal?.aborted) throw aborted();
  const child = start(call);
  const stderr = new OutputTail(child.stderr);
  child.stdout?.resume();
  const ending = await endOf(child, call);
  if (ending.answer?.ok) return ending.answer.result as T;
  if (ending.answer) throw fromWire(ending.answer.error);
  if (ending.killed === 'abort') throw aborted();
  throw new DomainError('CHILD_FAILED', describe(ending, call, stderr));
}

function start(call: ChildCall): ChildProcess {
  const entry = call.entry instanceof URL || call.entry.startsWith('file:') ? fileURLToPath(call.entry) : call.entry;
  const child = fork(entry, [], {
    cwd: call.cwd,
    env: childEnvironment(),
    execArgv: call.maxOldSpaceMb ? [`--max-old-space-size=${call.maxOldSpaceMb}`] : [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  track(child);
  return child;
}

function endOf(child: ChildProcess, call: ChildCall): Promise<Ending> {
  return new Promise((resolve) => {
    let [answer, killed, spawnError]: [ChildAnswer?, Ending['killed']?, Error?] = [];
    const kill = (why: Ending['killed']) => {
      killed ??= why;
      child.kill('SIGKILL');
    };
    const onAbort = () => kill('abort');
    let timer = setTimeout(kill, call.timeoutMs, 'timeout');
    const settle = (exitCode: number | null, exitSignal: NodeJS.Signals | null) => {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', onAbort);
      resolve({ exitCode, exitSignal, answer, killed, spawnError });
    };
    call.signal?.addEventListener('abort', onAbort, { once: true });
    child.on('message', (message) => {
      if (!isAnswer(message)) return;
      answer = message;
      clearTimeout(timer);
      timer = setTimeout(() => child.kill('SIGKILL'), EXIT_GRACE_MS);
    });
    // 'close' comes after the last message and the last output; 'error' alone comes when there was no process at all.
    child.once('close', settle);
    child.once('error', (error) => {
      spawnError = error;
      if (child.pid === undefined) settle(null, null);
    });
    // A child that dies before it reads leaves a broken pipe; 'close' tells the story.
    child.send({ input: call.input } satisfies ChildInput, () => {});
  });
}

function describe(ending: Ending, call: ChildCall, stderr: OutputTail): string {
  const lines = stderr.lastLines();
  return `the child process ${reasonOf(ending, call, stderr)}${lines ? `; its last lines:\n${lines}` : ''}`;
}

function reasonOf(ending: Ending, call: ChildCall, stderr: OutputTail): string {
  if (ending.spawnError && ending.exitCode === null && ending.exitSignal === null)
    return `did not start: ${ending.spawnError.message}`;
  if (ending.killed === 'timeout') return `was stopped after ${call.timeoutMs} ms`;
  const how = ending.exitSignal ? `by signal ${ending.exitSignal}` : `with exit code ${ending.exitCode}`;
  const limit = call.maxOldSpaceMb ? ` (limit ${call.maxOldSpaceMb} MB)` : '';
  return `${stderr.includes('heap out of memory') ? `ran out of memory${limit} and ended` : 'ended'} ${how} without an answer`;
}

function aborted(): DomainError {
  return new DomainError('ABORTED', 'the child process was stopped on request');
}
