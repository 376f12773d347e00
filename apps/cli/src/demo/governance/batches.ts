import { readFileSync } from 'node:fs';
import { penguinsFile, sampleCsv } from '../penguins.js';

const BEAK_LENGTH = 2;
const SPECIES_OF = ['Adelie', 'Gentoo', 'Chinstrap'];

const rowsOf = (csv: string): string[] => csv.trimEnd().split('\n').slice(1);
const HEADER = readFileSync(penguinsFile(), 'utf8').split('\n', 1)[0]!;

export const csvOf = (rows: readonly string[]): string => `${[HEADER, ...rows].join('\n')}\n`;

/** The penguins in a fixed order, cut into what arrives in the course of the quarter. */
export function batches(): { first: string[]; second: string[]; third: string[] } {
  const rows = rowsOf(sampleCsv(344));
  return { first: rows.slice(0, 180), second: rows.slice(180, 250), third: rows.slice(250) };
}

/** The third batch as a new station sends it: beaks in tenths of an inch, and the species shifted by some rows of a spreadsheet that was sorted alone. */
export function miskeyed(rows: readonly string[]): string[] {
  return rows.map((row, i) =>
    row
      .split(',')
      .map((cell, column) => {
        if (column === BEAK_LENGTH && Number(cell) > 0) return (Number(cell) / 2.54).toFixed(1);
        const place = SPECIES_OF.indexOf(cell);
        return place < 0 ? cell : SPECIES_OF[(place + i) % SPECIES_OF.length]!;
      })
      .join(','),
  );
}
