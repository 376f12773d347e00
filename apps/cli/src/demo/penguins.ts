import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Seed of the sample: the file is sorted by species, so the first rows alone would hold one class. */
const SEED = 20201109;

/** Palmer penguins, 344 rows (Horst, Hill, Gorman 2020; CC0). */
export function penguinsFile(): string {
  const here = fileURLToPath(import.meta.url);
  const root = here.includes('/dist/') ? '../../../../../' : '../../../../';
  return fileURLToPath(new URL(`${root}apps/cli/data/penguins.csv`, import.meta.url));
}

/** `count` rows of the file in a seeded order, with the header. */
export function sampleCsv(count: number): string {
  const [header, ...rows] = readFileSync(penguinsFile(), 'utf8').trimEnd().split('\n');
  const random = mulberry32(SEED);
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return `${[header, ...rows.slice(0, count)].join('\n')}\n`;
}

/** Mulberry32, a 32-bit generator by Tommy Ettinger (public domain): numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Raw rows as the Open Inference Protocol takes them: one tensor a column; missing values are null. */
export function inferRequest(rows: readonly Record<string, string | number | null>[]): object {
  const columns = Object.keys(rows[0]!);
  const inputs = columns.map((name) => {
    const data = rows.map((row) => row[name]!);
    const text = data.some((value) => typeof value === 'string') || name === 'Sex' || name === 'Island';
    return { name, datatype: text ? 'BYTES' : 'FP64', shape: [rows.length, 1], data };
  });
  return { inputs };
}

/** A typical row of each species, one with missing values, and one of a category that training has not seen. */
export const RAW_ROWS = [
  {
    Island: 'Torgersen',
    'Beak Length (mm)': 39.1,
    'Beak Depth (mm)': 18.7,
    'Flipper Length (mm)': 181,
    'Body Mass (g)': 3750,
    Sex: 'MALE',
  },
  {
    Island: 'Biscoe',
    'Beak Length (mm)': 47.5,
    'Beak Depth (mm)': 15,
    'Flipper Length (mm)': 218,
    'Body Mass (g)': 4950,
    Sex: 'FEMALE',
  },
  {
    Island: 'Dream',
    'Beak Length (mm)': 49,
    'Beak Depth (mm)': 19.5,
    'Flipper Length (mm)': 193,
    'Body Mass (g)': 3600,
    Sex: 'MALE',
  },
  {
    Island: 'Biscoe',
    'Beak Length (mm)': 46.1,
    'Beak Depth (mm)': 13.2,
    'Flipper Length (mm)': null,
    'Body Mass (g)': null,
    Sex: null,
  },
  {
    Island: 'Biscoe',
    'Beak Length (mm)': 44.5,
    'Beak Depth (mm)': 15.7,
    'Flipper Length (mm)': 217,
    'Body Mass (g)': 4875,
    Sex: '.',
  },
];
export const EXPECTED = ['Adelie', 'Gentoo', 'Chinstrap', 'Gentoo', 'Gentoo'];
