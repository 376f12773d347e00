import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../client/api-error.js';
import { eachOf } from './each-of.js';
import { inHalves } from './halves.js';
import { StateFile } from './state-file.js';
import { measured } from './streams.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tailrace-transfer-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('a state file', () => {
  it('keeps the last step of each id, and cuts off a torn line', async () => {
    const path = join(dir, 'deep', 'state.jsonl');
    const first = await StateFile.open(path, { platform: 'p' });
    await Promise.all(Array.from({ length: 50 }, (_, n) => first.add({ kind: 'run', id: String(n % 40), n })));
    await first.close();
    await appendFile(path, '{"kind":"run","id":"torn","n"');
    const second = await StateFile.open(path, { platform: 'p' });
    expect(second.get('run', 'torn')).toBeUndefined();
    expect(second.get('run', '3')).toMatchObject({ n: 43 });
    await second.add({ kind: 'run', id: 'torn', n: 1 });
    await second.close();
    expect((await StateFile.open(path, { platform: 'p' })).get('run', 'torn')).toMatchObject({ n: 1 });
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(52);
  });

  it('skips what is no step, and refuses to serve another platform', async () => {
    const path = join(dir, 'other.jsonl');
    await writeFile(path, 'no json\nnull\n{"kind":1}\n{"kind":"run","id":"a","to":"b"}\n');
    const state = await StateFile.open(path, { platform: 'p' });
    expect(state.get('run', 'a')).toMatchObject({ to: 'b' });
    await state.close();
    await expect(StateFile.open(path, { platform: 'q' })).rejects.toThrow('belongs to another platform');
  });
});

describe('halves', () => {
  it('leave out what is refused by itself, and nothing else', async () => {
    const [sent, refused]: [number[], number[]] = [[], []];
    const send = async (items: readonly number[]) => {
      if (items.some((n) => n % 10 === 3)) throw new ApiError('BAD', 'no threes', 400);
      sent.push(...items);
    };
    await inHalves(
      Array.from({ length: 25 }, (_, n) => n),
      10,
      send,
      (n) => void refused.push(n),
    );
    expect(refused).toEqual([3, 13, 23]);
    expect(sent).toHaveLength(22);
  });

  it('pass on what is no refusal', async () => {
    const fail = () => Promise.reject(new ApiError('DOWN', 'down', 503));
    await expect(inHalves([1, 2], 2, fail, () => undefined)).rejects.toThrow('down');
  });
});

it('works on some at a time, and stops at the first error', async () => {
  let [now, most, done] = [0, 0, 0];
  const work = async (n: number) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    done++;
    if (n === 5) throw new Error('five');
  };
  await expect(
    eachOf(
      Array.from({ length: 100 }, (_, n) => n),
      3,
      work,
    ),
  ).rejects.toThrow('five');
  expect(most).toBe(3);
  expect(done).toBeLessThan(12);
});

it('lets no more and no fewer bytes through than were promised', async () => {
  const parts = async function* () {
    yield Buffer.alloc(3);
    yield Buffer.alloc(3);
  };
  const through = async (size: number | undefined) => {
    let seen = 0;
    for await (const part of measured(parts(), size, () => undefined)) seen += part.length;
    return seen;
  };
  expect(await through(6)).toBe(6);
  expect(await through(undefined)).toBe(6);
  await expect(through(5)).rejects.toThrow('more than the 5 bytes');
  await expect(through(7)).rejects.toThrow('6 bytes, not the 7');
});
