import { beforeAll, describe, expect, it } from 'vitest';
import { existsSync, readFileSync } from 'node:fs';
import { TrainingSpecSchema, type Cell, type Signature, type Table } from '#contracts';
import { loadModel, predict, train, type LoadedModel, type TrainIo } from '#engine-tfjs';
import { predictRows } from './predict-rows.js';
import { loadOnnx, type OnnxModel } from './session.js';

const PENGUINS = new URL('../../../apps/cli/data/penguins.csv', import.meta.url);
const IO: TrainIo = { onStart: () => {}, onEpoch: async () => {}, onCheckpoint: async () => {}, log: () => {} };

/** The packaged penguins data, or before they exist a table like them. No field of that file is quoted. */
function penguins(): { table: Table; label: string } {
  if (!existsSync(PENGUINS)) return { table: synthetic(), label: 'species' };
  const [header, ...lines] = readFileSync(PENGUINS, 'utf8').trim().split(/\r?\n/);
  const names = header!.split(',');
  const rows = lines.map((line) => line.split(','));
  const columns = names.map((name, index) =>
    column(
      name,
      rows.map((row) => row[index] ?? ''),
    ),
  );
  const data = Object.fromEntries(columns.map(({ name, cells }) => [name, cells]));
  const label = names.find((name) => /species/i.test(name))!;
  return {
    table: { columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable })), rows: rows.length, data },
    label,
  };
}

function column(name: string, raw: string[]): { name: string; type: 'number' | 'text'; nullable: boolean; cells: Cell[] } {
  const missing = (text: string) => text === '' || text === 'NA';
  const isNumber = raw.every((text) => missing(text) || Number.isFinite(Number(text)));
  const cells = raw.map((text) => (missing(text) ? null : isNumber ? Number(text) : text));
  return { name, type: isNumber ? 'number' : 'text', nullable: cells.includes(null), cells };
}

function synthetic(): Table {
  const data: Record<string, Cell[]> = { species: [], island: [], 'Beak Length (mm)': [], label: [], t_Concat_0: [], tagged: [] };
  for (let row = 0; row < 344; row++) {
    const kind = row % 3;
    const noise = Math.sin(row * 12.9898) * Math.cos(row * 4.1414);
    data['species']!.push(['Adelie', 'Chinstrap', 'Gentoo'][kind]!);
    data['island']!.push(row % 31 === 4 ? null : ['Torgersen', 'Dream', 'Biscoe'][(kind + (row % 7 === 0 ? 1 : 0)) % 3]!);
    data['Beak Length (mm)']!.push(row % 19 === 5 ? null : 39 + 5 * kind + 4 * noise);
    data['label']!.push(4200 - 300 * kind + 500 * noise);
    data['t_Concat_0']!.push(row % 11 === 0 ? null : noise > 0 ? 'a, "b"' : 'ü');
    data['tagged']!.push(row % 13 === 0 ? null : noise > 0.3);
  }
  const type = (cells: Cell[]) => (typeof cells[1] === 'number' ? 'number' : typeof cells[1] === 'boolean' ? 'boolean' : 'text');
  const columns = Object.entries(data).map(
    ([name, cells]) => ({ name, type: type(cells), nullable: cells.includes(null) }) as const,
  );
  return { columns, rows: 344, data };
}

/** The same columns, with every feature missing in row 0, and unseen categories and far numbers in row 1. */
function hostile(table: Table, label: string): Table {
  const strange = (type: string) => (type === 'number' ? 1e6 : 'never seen \u{1f427}');
  const data = Object.fromEntries(table.columns.map(({ name, type }) => [name, [null, name === label ? null : strange(type)]]));
  return { columns: table.columns, rows: 2, data };
}

describe.each([
  ['penguins', penguins()],
  ['a table with awkward names', { table: synthetic(), label: 'species' }],
])('an exported model of %s', (_, { table, label }) => {
  const spec = TrainingSpecSchema.parse({
    task: 'classification',
    label,
    model: {
      layers: [
        { units: 16 },
        { units: 8, activation: 'tanh' },
        { units: 8, activation: 'sigmoid' },
        { units: 8, activation: 'elu' },
      ],
    },
    training: { maxEpochs: 30 },
  });
  let tfjs: LoadedModel;
  let onnx: OnnxModel;
  let signature: Signature;

  beforeAll(async () => {
    const { files } = await train({ spec, table }, IO, new AbortController().signal);
    tfjs = await loadModel(files);
    signature = tfjs.signature;
    onnx = await loadOnnx(files['model.onnx']!);
    return async () => {
      tfjs.dispose();
      await onnx.close();
    };
  });

  it('has the inputs and outputs of its signature', () => {
    const plain = (specs: Signature['inputs']) => specs.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
    expect(plain(onnx.inputs as Signature['inputs'])).toEqual(plain(signature.inputs));
    expect(plain(onnx.outputs as Signature['outputs'])).toEqual(plain(signature.outputs));
  });

  it('computes what TF.js computes, on every row and on missing and unseen values', async () => {
    for (const rows of [table, hostile(table, label)]) {
      const all = Array.from({ length: rows.rows }, (_item, row) => row);
      const expected = predict(tfjs.model, tfjs.preparation, rows, all);
      const actual = await predictRows(onnx, signature, rows, all);
      expect(actual.probabilities.length).toBe(expected.length);
      const worst = Math.max(...expected.map((value, index) => Math.abs(value - actual.probabilities[index]!)));
      expect(worst).toBeLessThanOrEqual(1e-4);
      const classes = signature.classes!;
      const winners = all.map((row) => {
        const scores = actual.probabilities.subarray(row * classes.length, (row + 1) * classes.length);
        return classes[scores.indexOf(Math.max(...scores))];
      });
      expect(actual.labels).toEqual(winners);
    }
  });
});
