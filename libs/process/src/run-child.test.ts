import { sleep } from '#kernel';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { childEntry } from './child-entry.js';
import { runChild, type ChildCall } from './run-child.js';

const entry = childEntry(import.meta.url, './testing/fixture.child.ts');

function call<T = unknown>(task: object, options: Partial<ChildCall> = {}): Promise<T> {
  return runChild<T>({ entry, input: task, timeoutMs: 20_000, ...options });
}

/** By /proc: other systems have no such list, and skip what needs it. */
function childrenOf(pid: number): number[] {
  if (process.platform !== 'linux') return [];
  const stats = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return stats.map(Number).filter((candidate) => parentOf(candidate) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

describe('runChild', () => {
  it('gives the result of a process with a bare environment', async () => {
    const result = await call<{ pid: number; task: unknown; environment: string[] }>({ do: 'echo', n: [1, null, 'ü'] });
    expect(result.task).toEqual({ do: 'echo', n: [1, null, 'ü'] });
    expect(result.pid).not.toBe(process.pid);
    expect(result.environment).not.toContain('VITEST');
  });

  it('carries a DomainError with code and field, and makes a bug CHILD_FAILED', async () => {
    await expect(call({ do: 'refuse' })).rejects.toMatchObject({
      name: 'DomainError',
      code: 'BAD_DATA',
      message: 'the table is empty',
      field: 'table',
    });
    await expect(call({ do: 'bug' })).rejects.toMatchObject({ code: 'CHILD_FAILED', message: 'x is not a function' });
  });

  it('reports a crash with exit code and the last lines, bounded', async () => {
    const error = await call({ do: 'crash' }).catch((thrown: Error) => thrown as Error & { code: string });
    expect(error).toMatchObject({ code: 'CHILD_FAILED', message: expect.stringContaining('with exit code 7') });
    expect((error as Error).message).toMatch(/about to die$/);
    expect((error as Error).message.length).toBeLessThan(2200);
    await expect(runChild({ entry: '/no/such/file.js', input: 1, timeoutMs: 5000 })).rejects.toThrow(/Cannot find module/);
    await expect(call({ do: 'echo' }, { cwd: '/no/such/folder' })).rejects.toThrow(/did not start/);
  });

  it.each(['hang', 'spin'])('stops a child that does not end (%s), by timeout and by abort', async (task) => {
    await expect(call({ do: task }, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'CHILD_FAILED',
      message: 'the child process was stopped after 300 ms',
    });
    await expect(call({ do: task }, { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(call({ do: task }, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(childrenOf(process.pid).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('fixture'))).toEqual([]);
  });

  it('survives a child that runs out of memory', async () => {
    await expect(call({ do: 'fill' }, { maxOldSpaceMb: 40 })).rejects.toMatchObject({
      code: 'CHILD_FAILED',
      message: expect.stringMatching(/ran out of memory \(limit 40 MB\) and ended by signal SIG(ABRT|TRAP|ILL)/),
    });
  });

  it('takes a big result', async () => {
    const bytes = await call<Uint8Array>({ do: 'big', size: 10_000_000 });
    expect([bytes.length, bytes[9_999_999]]).toEqual([10_000_000, 7]);
  });

  it.skipIf(process.platform !== 'linux').each([
    ['killed', 'hang', 'stay'],
    ['ended', 'spin', 'exit'],
  ])('leaves no child when this process is %s', async (_how, task, stay) => {
    const parent = spawn(process.execPath, [childEntry(import.meta.url, './testing/parent.ts').pathname, task, stay]);
    let children: number[] = [];
    for (let tries = 0; tries < 100 && children.length === 0; tries++) {
      await sleep(20);
      children = childrenOf(parent.pid!);
    }
    await sleep(250);
    if (stay === 'stay') parent.kill('SIGKILL');
    for (let tries = 0; tries < 100 && parentOf(children[0]!) !== undefined; tries++) await sleep(20);
    expect(children.length).toBe(1);
    expect(parentOf(children[0]!)).toBeUndefined();
    parent.kill('SIGKILL');
  });
});
