import * as tf from '@tensorflow/tfjs';
import { expect, it, vi } from 'vitest';
import { listBackends, selectBackend } from './backend.js';
import { selfTest } from './self-test.js';

it('chooses wasm when there is no GPU library, and says why', async () => {
  const warn = vi.spyOn(console, 'warn');
  const report = await selectBackend();
  expect(report).toMatchObject({ chosen: 'wasm', engine: 'tfjs 4.22.0' });
  expect(report.tried).toMatchObject([
    { name: 'gpu', ok: false, reason: '@tensorflow/tfjs-node-gpu is not installed' },
    { name: 'wasm', ok: true },
  ]);
  expect(tf.getBackend()).toBe('wasm');
  await selectBackend('cpu');
  expect(tf.getBackend()).toBe('cpu');
  expect(warn).not.toHaveBeenCalled();
});

it('never falls back from a backend that was asked for', async () => {
  await expect(selectBackend('gpu')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: /not installed/ });
});

it('lists every backend and leaves the best one active', async () => {
  const trials = await listBackends();
  expect(trials.map((trial) => [trial.name, trial.ok])).toEqual([
    ['gpu', false],
    ['wasm', true],
    ['cpu', true],
  ]);
  expect(tf.getBackend()).toBe('wasm');
});

it('finds a backend that computes wrongly, and leaks nothing', async () => {
  await selectBackend('cpu');
  const before = tf.memory().numTensors;
  expect(selfTest()).toBeUndefined();
  expect(tf.memory().numTensors).toBe(before);
  const kernel = tf.getKernel('Sqrt', 'cpu')!;
  tf.unregisterKernel('Sqrt', 'cpu');
  tf.registerKernel({
    ...kernel,
    kernelFunc: ({ inputs, ...rest }) => kernel.kernelFunc({ inputs: { x: doubled(inputs['x']!) }, ...rest }),
  });
  expect(selfTest()).toMatch(/Adam step is wrong: element 0/);
  tf.unregisterKernel('Sqrt', 'cpu');
  tf.registerKernel(kernel);
  expect(selfTest()).toBeUndefined();
});

function doubled(x: tf.TensorInfo): tf.TensorInfo {
  return tf.tensor(Float32Array.from((tf.backend().readSync(x.dataId) as Float32Array).map((value) => 4 * value)), x.shape);
}
