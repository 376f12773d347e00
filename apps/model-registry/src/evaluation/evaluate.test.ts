import {
  EvaluationResultSchema,
  TrainingSpecSchema,
  type EvaluationRequest,
  type EvaluationResult,
  type TrainingSpec,
  type TrainingSpecInput,
} from '#contracts';
import { readTable, train, type TrainIo } from '#engine-tfjs';
import { childEntry, runChild } from '#process';
import { DuckDBInstance } from '@duckdb/node-api';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.js';

type Model = EvaluationRequest['candidate'];

const PENGUINS = new URL('../../../cli/data/penguins.csv', import.meta.url).pathname;
const IO: TrainIo = { onStart: () => {}, onEpoch: async () => {}, onCheckpoint: async () => {}, log: () => {} };
const root = mkdtempSync(join(tmpdir(), 'evaluation-'));
const tables = { all: join(root, 'all.parquet'), half: join(root, 'half.parquet') };
const models: Record<'small' | 'full' | 'otherSeed' | 'fewer', Model> = {} as never;

function specOf(more: Partial<TrainingSpecInput> = {}): TrainingSpec {
  return TrainingSpecSchema.parse({ task: 'classification', label: 'Species', training: { maxEpochs: 25 }, ...more });
}

async function trained(name: string, trainingTable: string, spec: TrainingSpec): Promise<Model> {
  const dir = join(root, name);
  mkdirSync(dir);
  const { files } = await train({ spec, table: await readTable(trainingTable) }, IO, new AbortController().signal);
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(dir, file), bytes);
  return { dir, spec, trainingTable };
}

/** A copy of a model with one file replaced, or removed by undefined. */
function broken(model: Model, file: string, content: string | Buffer | undefined): Model {
  const dir = mkdtempSync(join(root, 'broken-'));
  cpSync(model.dir, dir, { recursive: true });
  rmSync(join(dir, file));
  if (content !== undefined) writeFileSync(join(dir, file), content);
  return { ...model, dir };
}

beforeAll(async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = `SELECT * FROM read_csv('${PENGUINS}')`;
  const doubles = `SELECT COLUMNS(c -> c IN ('Species', 'Island', 'Sex')), CAST(COLUMNS(c -> contains(c, '(')) AS DOUBLE) FROM (${rows})`;
  await connection.run(`COPY (${doubles}) TO '${tables.all}' (FORMAT parquet, COMPRESSION snappy)`);
  await connection.run(
    `COPY (SELECT * FROM (${doubles}) LIMIT 200 OFFSET 72) TO '${tables.half}' (FORMAT parquet, COMPRESSION snappy)`,
  );
  connection.closeSync();
  models.small = await trained('small', tables.half, specOf());
  models.full = await trained('full', tables.all, specOf());
  models.otherSeed = await trained('otherSeed', tables.all, specOf({ split: { seed: 1 } }));
  models.fewer = await trained('fewer', tables.all, specOf({ features: ['Island', 'Body Mass (g)'] }));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('evaluate', () => {
  it('judges a candidate by a child process and compares it with the champion', async () => {
    const input: EvaluationRequest = { candidate: models.full, champion: models.small };
    const begun = performance.now();
    const answer = await runChild({ entry: childEntry(import.meta.url, './evaluation.child.ts'), input, timeoutMs: 30_000 });
    console.log(`evaluation child: ${Math.round(performance.now() - begun)} ms`);
    const result: EvaluationResult = EvaluationResultSchema.parse(answer);
    expect(result.test.accuracy).toBeGreaterThan(0.9);
    expect(result.validation.rows + result.test.rows + 7).toBe(result.parity.rows);
    expect(result.parity.maxAbsDiff).toBeLessThan(1e-5);
    expect(result.backend).toBe('wasm');
    expect(result.comparison).toMatchObject({ comparable: true, rows: result.test.rows, candidate: result.test });
    expect(JSON.parse(readFileSync(join(models.full.dir, 'signature.json'), 'utf8'))).toEqual(result.signature);
  });

  it('does not compare models of which one was trained on the test rows', async () => {
    const { comparison } = await evaluate({ candidate: models.full, champion: models.otherSeed });
    expect(comparison).toMatchObject({
      comparable: false,
      reason: expect.stringMatching(/^\d+ of the \d+ test rows were trained on by the champion, and \d+ .* early stopping/),
    });
  });

  it('does not compare models with other features, labels or classes', async () => {
    const against = async (champion: Model) => (await evaluate({ candidate: models.full, champion })).comparison;
    expect(await against(models.fewer)).toMatchObject({
      reason: expect.stringContaining('different features ("Sex", "Beak Length (mm)"'),
    });
    const island = await trained('island', tables.all, specOf({ label: 'Island', training: { maxEpochs: 1 } }));
    expect(await against(island)).toEqual({
      comparable: false,
      reason: 'the candidate predicts "Species", the champion "Island"',
    });
    const preparation = JSON.parse(readFileSync(join(models.small.dir, 'preparation.json'), 'utf8'));
    preparation.label.classes[0] = 'Adélie';
    const signature = JSON.parse(readFileSync(join(models.small.dir, 'signature.json'), 'utf8'));
    signature.classes[0] = 'Adélie';
    const renamed = broken(
      broken(models.small, 'preparation.json', JSON.stringify(preparation)),
      'signature.json',
      JSON.stringify(signature),
    );
    expect(await against(renamed)).toMatchObject({ comparable: false, reason: expect.stringContaining('the champion "Adélie"') });
    const missing = broken(models.small, 'weights.bin', undefined);
    expect(await against(missing)).toEqual({
      comparable: false,
      reason: 'the champion cannot be judged: weights.bin is missing',
    });
  });

  it.each([
    ['model.json', '{'],
    ['model.json', undefined],
    ['weights.bin', Buffer.alloc(5)],
    ['preparation.json', '{}'],
    ['model.onnx', Buffer.from('not a model')],
    ['model.onnx', undefined],
    [
      'signature.json',
      JSON.stringify({
        inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 1] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
      }),
    ],
  ])('refuses a model with a broken %s', async (file, content) => {
    await expect(evaluate({ candidate: broken(models.full, file, content) })).rejects.toMatchObject({
      name: 'DomainError',
      code: 'BAD_MODEL',
    });
  });

  it('measures how far the ONNX model of another training is off', async () => {
    const onnx = readFileSync(join(models.otherSeed.dir, 'model.onnx'));
    const { parity } = await evaluate({ candidate: broken(models.full, 'model.onnx', onnx) });
    expect(parity.maxAbsDiff).toBeGreaterThan(0.01);
    const fewer = readFileSync(join(models.fewer.dir, 'model.onnx'));
    await expect(evaluate({ candidate: broken(models.full, 'model.onnx', fewer) })).rejects.toMatchObject({ code: 'BAD_MODEL' });
  });
});
