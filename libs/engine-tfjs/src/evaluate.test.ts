import { describe, expect, it } from 'vitest';
import { classificationReport } from './evaluate.js';
import { loadModel } from './load-model.js';
import { birds, NEVER, recording, specOf } from './testing.js';
import { train } from './train.js';

describe('classificationReport', () => {
  it('equals values computed by hand', () => {
    const truth = Int32Array.of(0, 0, 1, 1, 2);
    const probabilities = Float32Array.of(0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.25, 0.125, 0.75, 0.125, 0.5, 0.5, 0);
    const report = classificationReport(truth, probabilities, ['a', 'b', 'c']);
    expect(report.confusion).toEqual([
      [1, 1, 0],
      [0, 2, 0],
      [1, 0, 0],
    ]);
    expect(report.accuracy).toBeCloseTo(3 / 5, 12);
    // -ln: 0.5, 0.25, 0.5, 0.75, and 0 clipped to 1e-7.
    expect(report.loss).toBeCloseTo((Math.log(2) + Math.log(4) + Math.log(2) + Math.log(4 / 3) + 7 * Math.LN10) / 5, 12);
    expect(report.perClass).toEqual([
      { label: 'a', precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 },
      { label: 'b', precision: 2 / 3, recall: 1, f1: 4 / 5, support: 2 },
      { label: 'c', precision: 0, recall: 0, f1: 0, support: 1 },
    ]);
    expect(report.precisionMacro).toBeCloseTo((1 / 2 + 2 / 3) / 3, 12);
    expect(report.recallMacro).toBeCloseTo(1 / 2, 12);
    expect(report.f1Macro).toBeCloseTo(1.3 / 3, 12);
  });

  it('refuses no rows and unknown classes', () => {
    expect(() => classificationReport(new Int32Array(0), new Float32Array(0), ['a', 'b'])).toThrow(/no rows/);
    expect(() => classificationReport(Int32Array.of(-1), Float32Array.of(0.5, 0.5), ['a', 'b'])).toThrow(/does not know/);
  });
});

describe('loadModel', async () => {
  const { files } = await train(
    { spec: specOf({ label: 'Species', training: { maxEpochs: 1 } }), table: birds(120) },
    recording(),
    NEVER,
  );
  const topology = JSON.parse(new TextDecoder().decode(files['model.json']));
  const withTopology = (change: object) => ({
    ...files,
    'model.json': new TextEncoder().encode(JSON.stringify({ ...topology, ...change })),
  });

  it.each(['https://example.org/w.bin', '/etc/passwd', '../weights.bin', 'sub/weights.bin', 'weights.bin/..'])(
    'refuses weights at %s',
    async (path) => {
      const weightsManifest = [{ ...topology.weightsManifest[0], paths: [path] }];
      await expect(loadModel(withTopology({ weightsManifest }))).rejects.toMatchObject({
        code: 'BAD_MODEL',
        field: 'model.json',
      });
    },
  );

  it('refuses missing files, other formats, more weights, and sizes that do not fit', async () => {
    const bad = { code: 'BAD_MODEL' };
    const { 'weights.bin': weights, ...without } = files;
    await expect(loadModel(without)).rejects.toMatchObject({ ...bad, message: 'weights.bin is missing' });
    await expect(loadModel({ ...files, 'weights.bin': weights!.subarray(4) })).rejects.toMatchObject({
      ...bad,
      message: /bytes, expected/,
    });
    await expect(loadModel({ ...files, 'model.json': Buffer.from('{') })).rejects.toMatchObject({
      ...bad,
      message: 'model.json is not JSON',
    });
    await expect(loadModel(withTopology({ format: 'graph-model' }))).rejects.toMatchObject(bad);
    await expect(loadModel(withTopology({ modelTopology: { class_name: 'x'.repeat(9999), config: {} } }))).rejects.toMatchObject(
      bad,
    );
    const group = topology.weightsManifest[0];
    await expect(loadModel(withTopology({ weightsManifest: [group, group] }))).rejects.toMatchObject(bad);
    const preparation = JSON.parse(new TextDecoder().decode(files['preparation.json']));
    const wider = Buffer.from(JSON.stringify({ ...preparation, width: preparation.width + 1 }));
    await expect(loadModel({ ...files, 'preparation.json': wider })).rejects.toMatchObject({
      ...bad,
      message: /says width/,
    });
  });

  it('refuses a preparation of other rows or classes than the network has', async () => {
    const preparation = JSON.parse(new TextDecoder().decode(files['preparation.json']));
    const [first, ...features] = preparation.features;
    const narrow = Buffer.from(
      JSON.stringify({ ...preparation, features, width: preparation.width - (first.categories?.length ?? 1) }),
    );
    await expect(loadModel({ ...files, 'preparation.json': narrow })).rejects.toMatchObject({ message: /does not take rows of/ });
    const label = { ...preparation.label, classes: [...preparation.label.classes, 'Dodo'] };
    const more = Buffer.from(JSON.stringify({ ...preparation, label }));
    await expect(loadModel({ ...files, 'preparation.json': more })).rejects.toMatchObject({
      message: /does not give 4 probabilities/,
    });
  });

  it('bounds its messages', async () => {
    const error = await loadModel(withTopology({ modelTopology: { class_name: 'x'.repeat(9999), config: {} } })).catch(
      (e: Error) => e,
    );
    expect((error as Error).message.length).toBeLessThan(300);
  });
});
