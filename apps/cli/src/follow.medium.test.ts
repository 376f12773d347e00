import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, Bench, collect, finish } from './testing.js';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench?.stop());

describe('runs', () => {
  it('lists and shows them', async () => {
    const id = await aRun(bench.client, 'FINISHED');
    expect((await bench.cli(['run', 'list', '--experiment', 'by hand'])).out).toContain('loss=1');
    expect(await bench.json('run list --status finished --first 1')).toMatchObject([{ id, status: 'FINISHED' }]);
    const { out } = await bench.cli(`run show ${id}`);
    expect(out).toMatch(/lr +0\.1/);
    expect(out).toMatch(/loss +1 +2 +client/);
    expect(out).toMatch(/loss +3 +3 +1 +█▅▁/);
    expect(await bench.cli('run list --experiment none')).toMatchObject({ code: 3 });
  });

  it('watches one until it ends, and says by 6 that it failed', async () => {
    const id = await aRun(bench.client);
    const watching = bench.cli(`run watch ${id} --json`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await finish(bench.client, id, 'FAILED');
    const { code, out, err } = await watching;
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.slice(0, 3)).toMatchObject([{ key: 'loss', step: 0, value: 3 }, { step: 1 }, { step: 2 }]);
    expect(lines[3]).toMatchObject({ run: { id, status: 'FAILED' } });
    expect({ code, err }).toEqual({ code: 6, err: `error: run ${id} ended as FAILED\n` });
  });
});

describe('events', () => {
  it('prints what the log holds', async () => {
    const { code, out } = await bench.cli('events tail --after 0 --no-follow --json --type member.created');
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; sequence: string });
    expect(code).toBe(0);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['io.tailrace.member.created.v1']));
  });

  it('goes on without gap or duplicate when the platform comes back', async () => {
    const tail = bench.begin('events tail --after 0 --json');
    const [seen, words] = [collect(tail.stdout!), collect(tail.stderr!)];
    await expect.poll(() => seen().length, { timeout: 20_000 }).toBeGreaterThan(0);
    await bench.platform.stop();
    await expect.poll(words, { timeout: 20_000 }).toContain('connection lost; going on after sequence');
    await bench.comeBack();
    await aRun(bench.client, 'FINISHED');
    const sequences = () =>
      seen()
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => (JSON.parse(line) as { sequence: string }).sequence);
    const all = async () =>
      (await bench.client.query<{ events: { sequence: string }[] }>('{ events(first: 1000) { sequence } }')).events.map(
        ({ sequence }) => sequence,
      );
    await expect.poll(async () => sequences().join() === (await all()).join(), { timeout: 30_000 }).toBe(true);
    expect(await interrupted(tail)).toBe(130);
  });

  it('ends quietly when its reader has had enough', async () => {
    const tail = bench.begin('events tail --after 0 --json');
    const words = collect(tail.stderr!);
    await once(tail.stdout!, 'data');
    tail.stdout!.destroy();
    const ended = once(tail, 'exit');
    await aRun(bench.client, 'FINISHED');
    expect(await ended).toEqual([0, null]);
    expect(words()).toBe('');
  });
});

async function interrupted(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  return ((await ended) as [number | null])[0];
}
