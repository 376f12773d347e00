import { describe, expect, it } from 'vitest';
import type { DecodedInputs } from '#engine-onnx';
import type { Tensors } from './batch-tensors.js';
import { MicroBatcher } from './micro-batcher.js';

function inputs(...values: number[]): DecodedInputs {
  const data = Float64Array.from(values);
  return {
    rows: values.length,
    feeds: {
      x: { datatype: 'FP64', shape: [values.length, 1], data },
      t: { datatype: 'BYTES', shape: [values.length, 1], data: values.map(String) },
    },
  };
}

/** Gives x back, and notes how many rows each run had; negative numbers break the run. */
function echo(sizes: number[]): (feeds: Tensors) => Promise<Tensors> {
  return async (feeds) => {
    sizes.push(feeds['x']!.shape[0]!);
    await new Promise((resolve) => setImmediate(resolve));
    if ((feeds['x']!.data as Float64Array).some((value) => value < 0)) throw new Error('negative');
    return feeds;
  };
}

async function answers(promise: Promise<Tensors>): Promise<unknown> {
  const { x, t } = await promise;
  expect([...(x!.data as Float64Array)].map(String)).toEqual(t!.data);
  return [...(x!.data as Float64Array)];
}

describe('MicroBatcher', () => {
  it('runs together what comes together, and gives each its own rows', async () => {
    const sizes: number[] = [];
    const batcher = new MicroBatcher(echo(sizes), true);
    const all = await Promise.all([inputs(1), inputs(2, 3), inputs(4)].map((request) => answers(batcher.predict(request))));
    expect(all).toEqual([[1], [2, 3], [4]]);
    expect(sizes).toEqual([4]);
    expect(await answers(batcher.predict(inputs(5)))).toEqual([5]);
  });

  it('keeps runs under 256 rows and 64 requests, save for a request that is larger by itself', async () => {
    const sizes: number[] = [];
    const batcher = new MicroBatcher(echo(sizes), true);
    const rows = (count: number) => inputs(...Array<number>(count).fill(1));
    await Promise.all(
      [rows(200), rows(100), rows(300), ...Array.from({ length: 70 }, () => rows(1))].map((r) => batcher.predict(r)),
    );
    expect(sizes).toEqual([200, 100, 300, 64, 6]);
  });

  it('lets the request that breaks a run fail alone', async () => {
    const batcher = new MicroBatcher(echo([]), true);
    const [first, second, third] = await Promise.allSettled([inputs(1), inputs(-1), inputs(2)].map((r) => batcher.predict(r)));
    expect([first!.status, second!.status, third!.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('joins no requests of a model whose outputs turn out to have no rows', async () => {
    let runs = 0;
    const sum: (feeds: Tensors) => Promise<Tensors> = async ({ x }) => {
      runs++;
      const total = (x!.data as Float64Array).reduce((a, b) => a + b, 0);
      return { y: { datatype: 'FP64', shape: [1], data: Float64Array.of(total) } };
    };
    const batcher = new MicroBatcher(sum, true);
    const round = () => Promise.all([inputs(1, 2), inputs(3)].map(async (r) => (await batcher.predict(r))['y']!.data));
    expect(await round()).toEqual([Float64Array.of(3), Float64Array.of(3)]);
    expect(runs).toBe(3);
    await round();
    expect(runs).toBe(5);
  });

  it('refuses when too many wait', async () => {
    const batcher = new MicroBatcher(echo([]), true);
    const all = await Promise.allSettled(Array.from({ length: 5000 }, () => batcher.predict(inputs(1))));
    const refused = all.filter((result) => result.status === 'rejected');
    expect(refused.length).toBe(5000 - 4096);
    expect(refused[0]!.reason).toMatchObject({ code: 'OVERLOADED', status: 503 });
  });
});
