import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { MODEL_FILES, SignatureSchema } from '#contracts';
import { selectBackend } from './backend.js';
import { classificationReport, predict } from './evaluate.js';
import { loadModel } from './load-model.js';
import { labelIndexes } from './preparation/apply.js';
import { splitTable } from './preparation/split.js';
import { birds, NEVER, recording, specOf, tableOf } from './testing.js';
import { train, type TrainStart } from './train.js';

const table = birds(300);
const spec = specOf({ label: 'Species', training: { maxEpochs: 12, checkpointEveryEpochs: 4, earlyStopping: { patience: 50 } } });

describe.each(['wasm', 'cpu'] as const)('train on %s', (backend) => {
  it('resumes after an abort with the loss curve of an uninterrupted run', async () => {
    const whole = await train({ spec, table, backend }, recording(), NEVER);
    const abort = new AbortController();
    const first = recording((epoch) => epoch === 6 && abort.abort());
    await expect(train({ spec, table, backend }, first, abort.signal)).rejects.toMatchObject({ code: 'ABORTED' });
    expect([...first.checkpoints.keys()]).toEqual([4]);
    const second = recording();
    const rest = await train({ spec, table, backend, resume: first.checkpoints.get(4)! }, second, NEVER);
    expect(second.epochs.map((result) => result.epoch)).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
    expect(rest.history.length).toBe(12);
    rest.history.forEach((result, index) => {
      const expected = whole.history[index]!;
      expect(result.epoch).toBe(expected.epoch);
      for (const key of ['loss', 'accuracy', 'val_loss', 'val_accuracy'] as const)
        expect(Math.abs(result.metrics[key] - expected.metrics[key])).toBeLessThan(1e-5);
    });
    expect(rest.bestEpoch).toBe(whole.bestEpoch);
    expect(Buffer.compare(rest.files['weights.bin']!, whole.files['weights.bin']!)).toBe(0);
  });

  it('leaks no tensor, neither at the end nor by an abort', async () => {
    await selectBackend(backend);
    const before = tf.memory().numTensors;
    await train({ spec, table, backend }, recording(), NEVER);
    expect(tf.memory().numTensors).toBe(before);
    const abort = new AbortController();
    await expect(
      train(
        { spec, table, backend },
        recording(() => abort.abort()),
        abort.signal,
      ),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('train', () => {
  it('converges, keeps the best epoch and gives files that predict well', async () => {
    const long = specOf({ label: 'Species', training: { maxEpochs: 500, earlyStopping: { patience: 8, minDelta: 0.001 } } });
    let start: TrainStart | undefined;
    const result = await train({ spec: long, table }, { ...recording(), onStart: (info) => void (start = info) }, NEVER);
    expect(start).toMatchObject({
      features: ['Beak Length (mm)', 'depth', 'island', 'banded'],
      classes: ['Adelie', 'Chinstrap', 'Gentoo'],
    });
    // 7 prepared columns (2 numbers, 3 islands, 2 booleans): 7*16 + 16 + 16*3 + 3.
    expect(start).toMatchObject({ parameters: 179, resumedAt: 0, backend: { chosen: 'wasm' } });
    expect(start!.rows.train + start!.rows.validation + start!.rows.test).toBe(300 - 7);
    expect(result.stoppedBecause).toBe('converged');
    expect(result.epochs - result.bestEpoch).toBe(8);
    const { parts } = splitTable(long, table);
    const loaded = await loadModel(result.files);
    const score = (rows: readonly number[]) =>
      classificationReport(
        labelIndexes(loaded.preparation, table, rows),
        predict(loaded.model, loaded.preparation, table, rows),
        loaded.preparation.label.classes,
      );
    const best = result.history[result.bestEpoch - 1]!.metrics;
    expect(score(parts.validation).loss).toBeCloseTo(best.val_loss, 5);
    expect(score(parts.validation).accuracy).toBeCloseTo(best.val_accuracy, 10);
    expect(score(parts.test).accuracy).toBeGreaterThan(0.9);
    loaded.dispose();
  });

  it('writes all five files; model.json is a layers model', async () => {
    const { files, backend, stoppedBecause } = await train({ spec, table }, recording(), NEVER);
    expect(Object.keys(files).sort()).toEqual(Object.values(MODEL_FILES).sort());
    const json = JSON.parse(new TextDecoder().decode(files['model.json']));
    expect(json).toMatchObject({ format: 'layers-model', weightsManifest: [{ paths: ['weights.bin'] }] });
    expect(json.weightsManifest[0].weights.map((weight: { name: string }) => weight.name)).toEqual([
      'hidden_1/kernel',
      'hidden_1/bias',
      'logits/kernel',
      'logits/bias',
    ]);
    const signature = SignatureSchema.parse(JSON.parse(new TextDecoder().decode(files['signature.json'])));
    expect(signature.inputs[0]).toEqual({ name: 'Beak Length (mm)', datatype: 'FP64', shape: [-1, 1], nullable: true });
    expect([backend.chosen, stoppedBecause]).toEqual(['wasm', 'max_epochs']);
  });

  it('gives equal weights for equal requests and others for another seed', async () => {
    const weights = async (seed: number) => {
      const seeded = specOf({ label: 'Species', training: { maxEpochs: 2, seed } });
      return Buffer.from((await train({ spec: seeded, table }, recording(), NEVER)).files['weights.bin']!).toString('hex');
    };
    expect(await weights(1)).toBe(await weights(1));
    expect(await weights(1)).not.toBe(await weights(2));
  });

  it('goes on when only the number of epochs has changed, and not when the network has', async () => {
    const io = recording();
    await train({ spec, table }, io, NEVER);
    const resume = io.checkpoints.get(12)!;
    const longer = { ...spec, training: { ...spec.training, maxEpochs: 14 } };
    expect((await train({ spec: longer, table, resume }, recording(), NEVER)).epochs).toBe(14);
    const other = specOf({ label: 'Species', model: { layers: [{ units: 4, activation: 'tanh' }] } });
    await expect(train({ spec: other, table, resume }, recording(), NEVER)).rejects.toMatchObject({ code: 'BAD_CHECKPOINT' });
  });

  it('refuses truncated, damaged and foreign checkpoints', async () => {
    const io = recording();
    await train({ spec, table }, io, NEVER);
    const good = io.checkpoints.get(4)!;
    const damaged = Uint8Array.from(good);
    damaged[good.length - 3]! ^= 1;
    for (const resume of [
      good.subarray(0, 5),
      good.subarray(0, 60),
      good.subarray(0, -4),
      damaged,
      new TextEncoder().encode('PK hello world'),
      new Uint8Array(64),
    ])
      await expect(train({ spec, table, resume }, recording(), NEVER)).rejects.toMatchObject({ code: 'BAD_CHECKPOINT' });
  });

  it('reports divergence with its epoch', async () => {
    const huge = tableOf({
      y: Array.from({ length: 60 }, (_, i) => (i % 2 ? 'a' : 'b')),
      x: Array.from({ length: 60 }, (_, i) => (i - 30) * 1e38),
    });
    const wild = specOf({ label: 'y', preparation: { numeric: { scale: 'none' } } });
    await expect(train({ spec: wild, table: huge }, recording(), NEVER)).rejects.toMatchObject({
      code: 'DIVERGED',
      details: { epoch: 1 },
    });
  });

  it('refuses empty parts and a single class', async () => {
    const tiny = tableOf({ y: ['a', 'b', null], x: [1, 2, 3] });
    await expect(train({ spec: specOf({ label: 'y' }), table: tiny }, recording(), NEVER)).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: /part is empty/,
    });
    const single = tableOf({ y: Array.from({ length: 50 }, () => 'a'), x: Array.from({ length: 50 }, (_, i) => i) });
    await expect(train({ spec: specOf({ label: 'y' }), table: single }, recording(), NEVER)).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: /only one class/,
    });
  });

  it('lets timers run and stops in the middle of a long epoch', async () => {
    const big = birds(6000);
    const heavy = specOf({ label: 'Species', training: { batchSize: 1, maxEpochs: 1 } });
    const abort = new AbortController();
    const begun = performance.now();
    setTimeout(() => abort.abort(), 300);
    await expect(train({ spec: heavy, table: big }, recording(), abort.signal)).rejects.toMatchObject({
      code: 'ABORTED',
      message: /after 0 epochs/,
    });
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
