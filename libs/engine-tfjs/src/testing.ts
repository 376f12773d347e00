import { TrainingSpecSchema, type Cell, type Column, type Table, type TrainingSpec, type TrainingSpecInput } from '#contracts';
import type { TrainIo } from './train.js';
import type { EpochResult } from './checkpoint.js';

/** Builders for tests of this library; no part of its index. */
export function tableOf(data: Record<string, Cell[]>): Table {
  const columns = Object.entries(data).map(([name, cells]): Column => {
    const sample = cells.find((cell) => cell !== null);
    const type = typeof sample === 'number' ? 'number' : typeof sample === 'boolean' ? 'boolean' : 'text';
    return { name, type, nullable: cells.includes(null) };
  });
  return { columns, rows: Object.values(data)[0]?.length ?? 0, data };
}

export function specOf(input: Partial<TrainingSpecInput> & { label: string }): TrainingSpec {
  return TrainingSpecSchema.parse({ task: 'classification', ...input });
}

/** A table in the manner of the Palmer penguins: three overlapping species, missing values, a text and a boolean feature. */
export function birds(rows: number): Table {
  const species = ['Adelie', 'Chinstrap', 'Gentoo'];
  const islands = [['Torgersen', 'Biscoe', 'Dream'], ['Dream'], ['Biscoe']];
  const means = [
    [38.8, 18.3],
    [48.8, 18.4],
    [47.5, 15],
  ];
  const data = {
    Species: [] as Cell[],
    'Beak Length (mm)': [] as Cell[],
    depth: [] as Cell[],
    island: [] as Cell[],
    banded: [] as Cell[],
  };
  for (let row = 0; row < rows; row++) {
    const kind = row % 3;
    data.Species.push(row % 41 === 40 ? null : species[kind]!);
    data['Beak Length (mm)'].push(row % 17 === 5 ? null : means[kind]![0]! + 5 * wave(row, 1));
    data.depth.push(means[kind]![1]! + 2 * wave(row, 2));
    data.island.push(row % 23 === 7 ? null : islands[kind]![row % islands[kind]!.length]!);
    data.banded.push(row % 29 === 3 ? null : wave(row, 3) > 0);
  }
  return tableOf(data);
}

function wave(row: number, salt: number): number {
  return Math.sin(row * 12.9898 + salt * 78.233) * Math.cos(row * 4.1414 + salt);
}

export interface Recording extends TrainIo {
  readonly epochs: EpochResult[];
  readonly checkpoints: Map<number, Uint8Array>;
  readonly lines: string[];
}

export function recording(afterEpoch: (epoch: number) => void = () => {}): Recording {
  const epochs: EpochResult[] = [];
  const checkpoints = new Map<number, Uint8Array>();
  const lines: string[] = [];
  return {
    epochs,
    checkpoints,
    lines,
    onStart: () => {},
    onEpoch: async (result) => {
      epochs.push(result);
      afterEpoch(result.epoch);
    },
    onCheckpoint: async (bytes, epoch) => void checkpoints.set(epoch, bytes),
    log: (line) => void lines.push(line),
  };
}

export const NEVER = new AbortController().signal;
