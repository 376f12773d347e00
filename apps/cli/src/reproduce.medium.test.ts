import { afterAll, beforeAll, expect, it } from 'vitest';
import { CREATE_TEMPLATE, START_TRAINING } from './demo/documents.js';
import { penguinsFile } from './demo/penguins.js';
import { SPEC } from './demo/training-steps.js';
import { aRun, Bench } from './testing.js';

let bench: Bench;
let original: string;

beforeAll(async () => {
  bench = await Bench.start();
  const { datasetId } = await bench.json<{ datasetId: string }>(['dataset', 'upload', 'penguins', penguinsFile()]);
  const spec = { ...SPEC, training: { ...SPEC.training, maxEpochs: 10 } };
  const { template } = await bench.client.mutate<{ template: { id: string } }>(CREATE_TEMPLATE, { name: 'mlp', datasetId, spec });
  const { trainingJob } = await bench.client.mutate<{ trainingJob: { run: { id: string } } }>(START_TRAINING, {
    templateId: template.id,
  });
  original = trainingJob.run.id;
  expect((await bench.cli(`run watch ${original}`)).code).toBe(0);
}, 60_000);
afterAll(() => bench?.stop());

it('does a run anew and prints a table of its metrics', { timeout: 60_000 }, async () => {
  const { code, out, err } = await bench.cli(`reproduce ${original}`);
  expect(err).toMatch(/^run run_\w+ does it anew\n$/);
  expect(out).toMatch(/^METRIC +MEASURED BY +ORIGINAL +REPRODUCED +DIFFERENCE +TOLERANCE +POINTS +AGREES\n/);
  expect(out).toMatch(/val_loss +attempt +[\d.]+ +[\d.]+ +0 +1e-8 \+ 0\.00001 rel +10 +yes\n/);
  expect(out).toMatch(/test_accuracy +platform +/);
  expect(out).toMatch(/\nrun_\w+ {2}AGREES {2}the weights are equal byte for byte\n$/);
  expect(code).toBe(0);
});

it('says what is wrong with what cannot be reproduced', async () => {
  const logged = await aRun(bench.client, 'FINISHED');
  expect(await bench.cli(`reproduce ${logged}`)).toMatchObject({ code: 5, err: expect.stringMatching(/did not train the run/) });
  expect(await bench.cli(`reproduce ${original} --metric f1=1`)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no metric "f1"; it has accuracy, loss, /),
  });
  expect(await bench.cli(`reproduce ${original} --tolerance near`)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/must be a number of 0 or more/),
  });
});

it(
  'where the back end is not there: names it, heeds the tolerance, and trains nothing when strict',
  { timeout: 120_000 },
  async () => {
    await bench.platform.stop();
    await bench.comeBack({ TAILRACE_TRAINING_BACKEND: 'cpu' });
    const exact = await bench.cli(`reproduce ${original} --tolerance 0 --relative 0`);
    expect(exact).toMatchObject({
      code: 8,
      err: expect.stringMatching(/error: run run_\w+ does not agree with run_/),
      out: expect.stringMatching(/BACKEND +backend +wasm +cpu\n/),
    });
    expect(exact.out).toMatch(/val_loss .* no, from step \d+\n/);
    const near = await bench.json<{ reproduction: object }>(`reproduce ${original} --tolerance 0.01`);
    expect(near.reproduction).toMatchObject({
      verdict: 'AGREES',
      weightsEqual: false,
      tolerance: { absolute: 0.01, relative: 1e-5 },
      differences: [{ part: 'BACKEND', key: 'backend', original: 'wasm', reproduced: 'cpu' }],
    });
    expect(await bench.cli(`reproduce ${original} --strict`)).toMatchObject({
      code: 6,
      err: expect.stringMatching(/NOT_REPRODUCIBLE: nothing was trained, .*backend was wasm and is cpu/),
    });
  },
);
