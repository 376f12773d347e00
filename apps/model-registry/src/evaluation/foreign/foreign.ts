import { readFile } from 'node:fs/promises';
import type { Cell, ForeignEvaluation, ForeignEvaluationRequest, ModelExample, RegressionReport, Table } from '#contracts';
import { loadOnnx, summarizeOnnx, type OnnxModel } from '#engine-onnx';
import { meanLoss, readTable, scoresOfClasses } from '#engine-tfjs';
import { DomainError } from '#kernel';
import { ask, type Answers } from './answers.js';
import { feedingOf, type Feeding } from './feeds.js';

/**
 * Measures an ONNX model that the platform did not train on the rows of a table which have a label: a classifier by what it says, or by its highest score; a model
 * that gives one number a row by how far that is from the truth. Throws BAD_MODEL and BAD_DATA with what would be right.
 */
export async function evaluateForeign(request: ForeignEvaluationRequest): Promise<ForeignEvaluation> {
  const table = await readTable(request.table);
  const truth = table.data[request.data.label] ?? [];
  const rows = truth.flatMap((cell, row) => (cell === null ? [] : [row]));
  if (rows.length === 0) throw new DomainError('BAD_DATA', `no row has a value in the column "${request.data.label}"`, 'label');
  const model = await loadOnnx(request.model, { tensorsOnly: true, external: await externalOf(request) });
  try {
    const feeding = feedingOf(model.inputs, table, request);
    const answers = await ask(model, feeding, table, rows).catch(asBadModel);
    const known = rows.map((row) => truth[row]!);
    return {
      foreign: true,
      data: request.data,
      backend: 'onnx',
      test: isRegression(answers, known, request)
        ? regression(answers.scores!.values, known)
        : classification(answers, known, request),
      example: exampleOf(model, feeding, table, rows[0]!, answers),
    };
  } finally {
    await model.close();
  }
}

/** Of the files beside a model, those that it names. */
async function externalOf({ model, beside }: ForeignEvaluationRequest): Promise<Record<string, Uint8Array>> {
  const named = summarizeOnnx(await readFile(model)).external.map(({ location }) => location);
  const held = [...new Set(named)].flatMap((name) => (Object.hasOwn(beside, name) ? [[name, beside[name]!] as const] : []));
  return Object.fromEntries(await Promise.all(held.map(async ([name, path]) => [name, await readFile(path)] as const)));
}

function isRegression({ labels, scores }: Answers, truth: readonly Cell[], { data }: ForeignEvaluationRequest): boolean {
  if (labels || scores?.width !== 1 || data.classes) return false;
  if (truth.every((cell) => typeof cell === 'number')) return true;
  throw new DomainError(
    'BAD_MODEL',
    `the model gives one number a row, and the column "${data.label}" holds no numbers: name the two classes in \`classes\``,
    'classes',
  );
}

function regression(said: Float64Array, truth: readonly Cell[]): RegressionReport {
  const errors = truth.map((cell, row) => said[row]! - (cell as number));
  const mean = truth.reduce<number>((sum, cell) => sum + (cell as number), 0) / truth.length;
  const squares = errors.reduce((sum, error) => sum + error ** 2, 0);
  const total = truth.reduce<number>((sum, cell) => sum + ((cell as number) - mean) ** 2, 0);
  if (!Number.isFinite(squares)) throw new DomainError('BAD_MODEL', 'the model answers what is no number');
  return {
    rows: truth.length,
    rmse: Math.sqrt(squares / truth.length),
    mae: errors.reduce((sum, error) => sum + Math.abs(error), 0) / truth.length,
    r2: total === 0 ? null : 1 - squares / total,
  };
}

function classification(answers: Answers, cells: readonly Cell[], request: ForeignEvaluationRequest): ForeignEvaluation['test'] {
  const truth = cells.map(String);
  const order = request.data.classes ?? orderOf(answers, truth);
  const said = answers.labels
    ? request.data.classes
      ? named(answers.labels, order)
      : answers.labels
    : predicted(answers.scores!, order);
  checkMeeting(said, truth, request.data.label);
  const classes = [...new Set([...order, ...truth, ...said])];
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const indexes = (names: readonly string[]) => Int32Array.from(names, (name) => indexOf.get(name)!);
  const report = scoresOfClasses(indexes(truth), indexes(said), classes);
  const probabilities = request.data.classes && probabilitiesOf(answers.scores, classes.length);
  return probabilities ? { ...report, loss: meanLoss(indexes(truth), probabilities, classes.length) } : report;
}

/** Names of the classes by the place of their score: labels that are the whole numbers from 0 on name themselves. Throws BAD_MODEL where they must be told. */
function orderOf({ labels, scores }: Answers, truth: readonly string[]): string[] {
  if (labels) return [...new Set(truth)].sort();
  const { width } = scores!;
  if (truth.every((label) => /^\d+$/.test(label) && Number(label) < width))
    return Array.from({ length: width }, (_, at) => String(at));
  throw new DomainError(
    'BAD_MODEL',
    `the model gives ${width} scores a row and no label: name their classes in \`classes\``,
    'classes',
  );
}

/** A label that is the place of a class stands for it. */
const named = (labels: readonly string[], order: readonly string[]): string[] =>
  labels.map((label) => (order.includes(label) ? label : (order[/^\d+$/.test(label) ? Number(label) : -1] ?? label)));

/** Where nothing that it says is ever true, it speaks of other names, and figures would say nothing of it. */
function checkMeeting(said: readonly string[], truth: readonly string[], label: string): void {
  const known = new Set(truth);
  if (said.some((name) => known.has(name))) return;
  throw new DomainError(
    'BAD_MODEL',
    `the model says such as "${said[0]!.slice(0, 60)}", and the column "${label}" holds such as "${truth[0]!.slice(0, 60)}": name the classes in the model's order in \`classes\``,
    'classes',
  );
}

/** The class with the highest score; one score alone is that of the second of two classes, from 0.5 on. */
function predicted({ values, width }: NonNullable<Answers['scores']>, order: readonly string[]): string[] {
  if (width === 1 && order.length === 2) return Array.from(values, (score) => order[score >= 0.5 ? 1 : 0]!);
  if (width !== order.length)
    throw new DomainError('BAD_MODEL', `the model gives ${width} scores a row, and ${order.length} classes are named`, 'classes');
  return Array.from({ length: values.length / width }, (_, row) => {
    const scores = values.subarray(row * width, (row + 1) * width);
    return order[scores.indexOf(Math.max(...scores))] ?? '';
  });
}

/** undefined for scores that are not probabilities of these classes. */
function probabilitiesOf(scores: Answers['scores'], classes: number): Float32Array | undefined {
  if (!scores || scores.width !== classes) return undefined;
  for (let at = 0; at < scores.values.length; at += classes) {
    const row = scores.values.subarray(at, at + classes);
    if (row.some((value) => !(value >= 0)) || Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) > 1e-3) return undefined;
  }
  return Float32Array.from(scores.values);
}

/** The first row as callers send it, with the answer. */
function exampleOf(model: OnnxModel, feeding: Feeding, table: Table, row: number, { labels, scores }: Answers): ModelExample {
  const cell = (column: string) => table.data[column]![row] ?? null;
  const inputs = [...feeding].map(([{ name }, columns]) => [
    name,
    columns.length === 1 && columns[0] === name
      ? cell(name)
      : columns.map((column) => (cell(column) === null ? null : Number(cell(column)))),
  ]);
  const output = model.outputs.find(({ datatype }) => datatype === 'FP32' || datatype === 'FP64');
  const outputs = output && scores ? { [output.name]: [...scores.values.subarray(0, scores.width)] } : null;
  return { inputs: Object.fromEntries(inputs) as ModelExample['inputs'], outputs: labels && !scores ? null : outputs };
}

function asBadModel(error: unknown): never {
  if (error instanceof DomainError && error.code === 'BAD_REQUEST')
    throw new DomainError('BAD_MODEL', `the model does not take the rows of this data set: ${error.message}`);
  throw error;
}
