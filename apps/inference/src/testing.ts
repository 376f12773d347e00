import { TrainingSpecSchema, type Caller, type Cell, type DesiredRevision, type Signature, type Table } from '#contracts';
import { train } from '#engine-tfjs';
import { newId, sha256 } from '#kernel';
import { readFileSync } from 'node:fs';

/** What the tests of this app build on; no part of the app. */
export const WORKSPACE = newId('workspace');
export const TOKEN = 'a-token-that-may-predict';

export function caller(overrides: Partial<Caller> = {}): Caller {
  return { hash: sha256(TOKEN), workspaceId: WORKSPACE, paths: ['/'], expiresAt: null, ...overrides };
}

/** The packaged penguins: no field is quoted, and an empty one is missing. */
export function penguins(): Table {
  const text = readFileSync(new URL('../../cli/data/penguins.csv', import.meta.url), 'utf8');
  const [header, ...lines] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const columns = header!.map((name, index) => {
    const raw = lines.map((line) => line[index] ?? '');
    const isNumber = raw.every((cell) => cell === '' || Number.isFinite(Number(cell)));
    return { name, isNumber, cells: raw.map((cell): Cell => (cell === '' ? null : isNumber ? Number(cell) : cell)) };
  });
  return {
    columns: columns.map(({ name, isNumber, cells }) => ({
      name,
      type: isNumber ? 'number' : 'text',
      nullable: cells.includes(null),
    })),
    rows: lines.length,
    data: Object.fromEntries(columns.map(({ name, cells }) => [name, cells])),
  };
}

export interface TrainedModel {
  readonly onnx: Uint8Array;
  readonly signature: Signature;
}

export async function trainPenguins(units = 8): Promise<TrainedModel> {
  const spec = TrainingSpecSchema.parse({
    task: 'classification',
    label: 'Species',
    model: { layers: [{ units }] },
    training: { maxEpochs: 8 },
  });
  const io = { onStart: () => {}, onEpoch: async () => {}, onCheckpoint: async () => {}, log: () => {} };
  const { files } = await train({ spec, table: penguins(), backend: 'cpu' }, io, new AbortController().signal);
  const signature = JSON.parse(new TextDecoder().decode(files['signature.json'])) as Signature;
  return { onnx: files['model.onnx']!, signature };
}

export function revisionOf(model: TrainedModel, overrides: Partial<DesiredRevision> = {}): DesiredRevision {
  return {
    endpointId: 'end_' + '1'.repeat(32),
    endpoint: 'penguins',
    workspaceId: WORKSPACE,
    project: '/birds',
    revisionId: newId('revision'),
    number: 1,
    modelVersionId: newId('modelVersion'),
    modelVersion: 1,
    onnx: sha256(model.onnx),
    signature: model.signature,
    ...overrides,
  };
}

/** JSON inputs from rows of a table. */
export function inputsOf(signature: Signature, table: Table, rows: readonly number[]) {
  return signature.inputs.map(({ name, datatype }) => ({
    name,
    datatype,
    shape: [rows.length, 1],
    data: rows.map((row) => table.data[name]![row] ?? null),
  }));
}
