import type { MetricPoint } from '#contracts';
import { sleep } from '#kernel';
import { describe, expect, it } from 'vitest';
import { SendBuffer } from './send-buffer.js';

const point = (step: number): MetricPoint => ({ key: 'loss', value: 1, step, timestamp: 0 });
const steps = (points: readonly MetricPoint[]) => points.map(({ step }) => step);

describe('SendBuffer', () => {
  it('sends a batch after a quarter of a second, in order', async () => {
    const sent: number[][] = [];
    const buffer = new SendBuffer<MetricPoint>(5000, async (points) => void sent.push(steps(points)));
    await buffer.add([point(1), point(2)]);
    await buffer.add([point(3)]);
    expect(sent).toEqual([]);
    await sleep(350);
    expect(sent).toEqual([[1, 2, 3]]);
    await buffer.flush();
    expect(sent.length).toBe(1);
  });

  it('sends one call at a time, in parts, and keeps what failed', async () => {
    let [active, fail] = [0, true];
    const sent: number[][] = [];
    const buffer = new SendBuffer<MetricPoint>(5000, async (points) => {
      expect(++active).toBe(1);
      await sleep(5);
      active--;
      if (fail) throw new Error('down');
      sent.push(steps(points));
    });
    const many = Array.from({ length: 12_000 }, (_, step) => point(step));
    await buffer.add(many);
    await expect(buffer.flush()).rejects.toThrow('down');
    fail = false;
    await Promise.all([buffer.flush(), buffer.flush()]);
    expect(sent.map((batch) => batch.length)).toEqual([5000, 5000, 2000]);
    expect(sent.flat()).toEqual(steps(many));
  });

  it('makes a fast writer wait, and reports a failure of the timer to it', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const buffer = new SendBuffer<MetricPoint>(5000, () => gate);
    let done = false;
    const adding = buffer.add(Array.from({ length: 20_001 }, (_, step) => point(step))).then(() => (done = true));
    await sleep(20);
    expect(done).toBe(false);
    release();
    await adding;
    const broken = new SendBuffer<MetricPoint>(5000, async () => Promise.reject(new Error('refused')));
    await broken.add([point(1)]);
    await sleep(300);
    await expect(broken.add([point(2)])).rejects.toThrow('refused');
    const rescued: number[] = [];
    await broken.rescue(async (points) => void rescued.push(...steps(points)));
    expect(rescued).toEqual([1]);
  });
});
