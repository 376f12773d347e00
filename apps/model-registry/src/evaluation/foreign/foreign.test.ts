import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import onnxProto, { type onnx } from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ForeignEvaluationSchema, type EvaluationData, type ForeignEvaluation } from '#contracts';
import { childEntry, runChild } from '#process';
import { evaluateForeign } from './foreign.js';

const root = mkdtempSync(join(tmpdir(), 'foreign-'));
const table = join(root, 'table.parquet');
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Six rows: `a` and `b` are numbers, `kind` is "low" where a < b, `flag` its number, `sum` is a + b; the last row has no truth. */
beforeAll(async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const values = [
    "(1.0, 2.0, 'low', 0, 3.5, 7)",
    "(4.0, 1.0, 'high', 1, 5.5, 7)",
    "(0.0, 9.0, 'low', 0, 8.5, 7)",
    "(7.0, 2.0, 'high', 1, 9.5, 7)",
    "(5.0, 6.0, 'high', 1, 11.5, 7)",
    '(5.0, 5.0, NULL, NULL, NULL, NULL)',
  ];
  const rows = `SELECT * FROM (VALUES ${values.join()}) t(a, b, kind, flag, sum, same)`;
  await connection.run(`COPY (SELECT a::DOUBLE a, b::DOUBLE b, kind, flag::BIGINT flag, sum::DOUBLE sum, same::DOUBLE same FROM (${rows}))
    TO '${table}' (FORMAT parquet, COMPRESSION snappy)`);
  connection.closeSync();
});

const TYPE = { float: 1, int64: 7, double: 11 };
const valueInfo = (name: string, elemType: number, dims: (number | string)[]): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) },
    },
  },
});

interface Shape {
  readonly weights: readonly number[];
  readonly rows?: number | string;
  /** Makes the scores probabilities. */
  readonly softmax?: boolean;
  /** Adds an output with the place of the highest score. */
  readonly label?: boolean;
}

/** y = x·W of two columns; `weights` is row-major [2, scores]. */
function linear(name: string, { weights, rows = 'N', softmax = false, label = false }: Shape): string {
  const width = weights.length / 2;
  const node: onnx.INodeProto[] = [{ opType: 'MatMul', input: ['x', 'w'], output: [softmax ? 'logits' : 'scores'] }];
  if (softmax) node.push({ opType: 'Softmax', input: ['logits'], output: ['scores'] });
  const output = [valueInfo('scores', TYPE.float, [rows, width])];
  if (label) {
    const attribute = [
      { name: 'axis', type: 2, i: 1 },
      { name: 'keepdims', type: 2, i: 0 },
    ];
    node.push({ opType: 'ArgMax', input: ['scores'], output: ['label'], attribute });
    output.push(valueInfo('label', TYPE.int64, [rows]));
  }
  const bytes = onnxProto.onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'g',
      node,
      input: [valueInfo('x', TYPE.float, [rows, 2])],
      output,
      initializer: [{ name: 'w', dims: [2, width], dataType: TYPE.float, floatData: [...weights] }],
    },
  }).finish();
  const path = join(root, `${name}.onnx`);
  writeFileSync(path, bytes);
  return path;
}

const measure = (model: string, data: Omit<EvaluationData, 'datasetVersionId'>, described: readonly string[] = []) =>
  evaluateForeign({ model, beside: {}, table, described: [...described], data: { datasetVersionId: 'dsv_1', ...data } });
const AB = ['a', 'b'];
/** low for b, high for a: right in four of the five rows. */
const CLASSES = { weights: [0, 1, 1, 0] };

describe('a classifier', () => {
  it('is judged by its highest score, with the names of its classes', async () => {
    const result = await measure(linear('named', CLASSES), { label: 'kind', features: AB, classes: ['low', 'high'] });
    expect(result.test).toMatchObject({ rows: 5, accuracy: 0.8, classes: ['low', 'high'], confusion: [[2, 0], [1, 2]] }); // prettier-ignore
    expect(result.test).not.toHaveProperty('loss');
    expect(result.example).toEqual({ inputs: { x: [1, 2] }, outputs: { scores: [2, 1] } });
    expect(ForeignEvaluationSchema.safeParse(JSON.parse(JSON.stringify(result))).error).toBeUndefined();
  });

  it('that says its label is judged by that, and whole numbers name themselves', async () => {
    expect((await measure(linear('labelled', { ...CLASSES, label: true }), { label: 'flag', features: AB })).test).toMatchObject({
      accuracy: 0.8,
      classes: ['0', '1'],
    });
    const data = { label: 'kind', features: AB, classes: ['low', 'high'] };
    expect((await measure(linear('placed', { ...CLASSES, label: true }), data)).test).toMatchObject({ accuracy: 0.8 });
  });

  it('by one score is judged from a half on', async () => {
    const data = { label: 'kind', features: AB, classes: ['low', 'high'] };
    expect((await measure(linear('one', { weights: [1, -1] }), data)).test).toMatchObject({ accuracy: 0.8 });
  });

  it('with probabilities has a loss', async () => {
    const even = linear('even', { weights: [0, 0, 0, 0], softmax: true });
    const { test } = await measure(even, { label: 'kind', features: AB, classes: ['low', 'high'] });
    expect(test).toMatchObject({ rows: 5, accuracy: 0.4 });
    expect((test as { loss: number }).loss).toBeCloseTo(Math.log(2), 6);
  });

  it.each([
    ['scores without names', { weights: [0, 1, 1, 0] }, { label: 'kind', features: AB }, /2 scores a row and no label: name their classes/],
    ['labels of another kind', { ...CLASSES, label: true }, { label: 'kind', features: AB }, /says such as "0", and the column "kind" holds such as "low"/],
    ['too few names', { weights: [0, 1, 0, 1, 0, 1] }, { label: 'kind', features: AB, classes: ['low', 'high'] }, /3 scores a row, and 2 classes/],
  ])('%s are told', async (name, shape, data, message) => {
    await expect(measure(linear(name.replaceAll(' ', '-'), shape), data)).rejects.toMatchObject({ code: 'BAD_MODEL', message });
  }); // prettier-ignore
});

describe('a regression', () => {
  it('is judged by its errors, in the unit of the label', async () => {
    const { test } = await measure(linear('sum', { weights: [1, 1] }), { label: 'sum', features: AB });
    expect(test).toMatchObject({ rows: 5, rmse: 0.5, mae: 0.5 });
    const mean = (3.5 + 5.5 + 8.5 + 9.5 + 11.5) / 5;
    const total = [3.5, 5.5, 8.5, 9.5, 11.5].reduce((sum, value) => sum + (value - mean) ** 2, 0);
    expect((test as { r2: number }).r2).toBeCloseTo(1 - (5 * 0.25) / total, 12);
  });

  it('of a label that does not vary has no R²', async () => {
    expect((await measure(linear('still', { weights: [1, 1] }), { label: 'same', features: AB })).test).toMatchObject({
      r2: null,
    });
  });

  it('of text is told', async () => {
    const refused = measure(linear('text', { weights: [1, 1] }), { label: 'kind', features: AB });
    await expect(refused).rejects.toMatchObject({
      code: 'BAD_MODEL',
      message: /one number a row, and the column "kind" holds no numbers/,
    });
  });
});

describe('inputs', () => {
  it('are the columns that the description of the model lists', async () => {
    const model = linear('described', { weights: [1, 1] });
    expect((await measure(model, { label: 'sum' }, AB)).test).toMatchObject({ rmse: 0.5 });
    const refused = measure(model, { label: 'sum' }, ['a', 'gone']);
    await expect(refused).rejects.toMatchObject({ message: /has the shape \[-1, 2\], and 5 columns would be fed/ });
  });

  it('of a fixed number of rows are filled up, and the answers to what was filled are dropped', async () => {
    const { test } = await measure(linear('fixed', { weights: [1, 1], rows: 4 }), { label: 'sum', features: AB });
    expect(test).toMatchObject({ rows: 5, rmse: 0.5 });
  });

  it('of text where the model wants numbers are told', async () => {
    const refused = measure(linear('wants', { weights: [1, 1] }), { label: 'sum', features: ['a', 'kind'] });
    await expect(refused).rejects.toMatchObject({ code: 'BAD_DATA', message: /column "kind" must hold numbers/ });
  });

  it('without a row that has the truth are told', async () => {
    const refused = measure(linear('none', { weights: [1, 1] }), { label: 'nothing', features: AB });
    await expect(refused).rejects.toMatchObject({ code: 'BAD_DATA', message: /no row has a value in the column "nothing"/ });
  });
});

it('runs as a process of its own, and a file that is no model is told', async () => {
  const entry = childEntry(import.meta.url, './foreign.child.js');
  const data = { datasetVersionId: 'dsv_1', label: 'sum', features: AB };
  const input = { model: linear('child', { weights: [1, 1] }), beside: {}, table, described: [], data };
  expect((await runChild<ForeignEvaluation>({ entry, input, timeoutMs: 60_000 })).test).toMatchObject({ rmse: 0.5 });
  writeFileSync(join(root, 'broken.onnx'), 'no model');
  const broken = runChild({ entry, input: { ...input, model: join(root, 'broken.onnx') }, timeoutMs: 60_000 });
  await expect(broken).rejects.toMatchObject({ code: 'BAD_MODEL' });
});
