import type { Bootstrap, Difference } from '#contracts';
import { mulberry32 } from './random.js';

/** Two classifiers on the same rows; every array has one class index in [0, classes) per row. */
export interface PairedPredictions {
  readonly truth: Int32Array;
  readonly candidate: Int32Array;
  readonly champion: Int32Array;
  readonly classes: number;
}

/** Rows that fell out alike: what they are, what both said, and how many they are. */
interface Cell {
  readonly truth: number;
  readonly candidate: number;
  readonly champion: number;
}

/**
 * Score of the candidate minus score of the champion, with the two-sided percentile interval of a paired bootstrap: `resamples` samples of as many rows,
 * drawn with replacement, each row with both predictions (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). The same input gives
 * the same interval.
 */
export function pairedBootstrap(predictions: PairedPredictions, bootstrap: Bootstrap): Difference {
  const { cells, cellOfRow } = group(predictions);
  const rows = cellOfRow.length;
  const score = bootstrap.score === 'accuracy' ? accuracy : f1Macro;
  const differenceOf = (counts: Float64Array) =>
    score(cells, counts, rows, predictions.classes, 'candidate') - score(cells, counts, rows, predictions.classes, 'champion');
  const counts = new Float64Array(cells.length);
  for (const cell of cellOfRow) counts[cell]!++;
  const observed = differenceOf(counts);
  const random = mulberry32(bootstrap.seed);
  const differences = Float64Array.from({ length: bootstrap.resamples }, () => {
    counts.fill(0);
    for (let draw = 0; draw < rows; draw++) counts[cellOfRow[Math.floor(random() * rows)]!]!++;
    return differenceOf(counts);
  }).sort();
  const tail = (1 - bootstrap.confidence) / 2;
  return { ...bootstrap, observed, lower: quantile(differences, tail), upper: quantile(differences, 1 - tail) };
}

/** Scores depend only on how often each combination occurs, so that rows are counted by it. */
function group({ truth, candidate, champion, classes }: PairedPredictions): { cells: Cell[]; cellOfRow: Int32Array } {
  const places = new Map<number, number>();
  const cells: Cell[] = [];
  const cellOfRow = truth.map((label, row) => {
    const key = (label * classes + candidate[row]!) * classes + champion[row]!;
    let place = places.get(key);
    if (place === undefined) {
      places.set(key, (place = cells.length));
      cells.push({ truth: label, candidate: candidate[row]!, champion: champion[row]! });
    }
    return place;
  });
  return { cells, cellOfRow };
}

type Score = (
  cells: readonly Cell[],
  counts: Float64Array,
  rows: number,
  classes: number,
  who: 'candidate' | 'champion',
) => number;

const accuracy: Score = (cells, counts, rows, _, who) =>
  cells.reduce((sum, cell, i) => (cell[who] === cell.truth ? sum + counts[i]! : sum), 0) / rows;

/** Plain mean over all classes of 2 hits / (predicted + true), 0 for a class that a sample does not hold, as in a report. */
const f1Macro: Score = (cells, counts, _, classes, who) => {
  const hits = new Float64Array(classes);
  const said = new Float64Array(classes);
  cells.forEach((cell, i) => {
    said[cell.truth]! += counts[i]!;
    said[cell[who]]! += counts[i]!;
    if (cell[who] === cell.truth) hits[cell.truth]! += counts[i]!;
  });
  return hits.reduce((sum, hit, label) => sum + (said[label] === 0 ? 0 : (2 * hit) / said[label]!), 0) / classes;
};

/** Linear interpolation between the order statistics (type 7 of Hyndman and Fan, 1996). `sorted` is rising and not empty. */
function quantile(sorted: Float64Array, at: number): number {
  const place = at * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
