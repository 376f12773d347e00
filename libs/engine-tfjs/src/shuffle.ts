import { createHash } from 'node:crypto';
import { mulberry32 } from './random.js';

/** The order of `count` rows in an epoch: a function of (seed, epoch) alone, so that a resumed training sees the same batches. */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  const random = mulberry32(createHash('sha256').update(`shuffle:${seed}:${epoch}`).digest().readUInt32LE(0));
  // Fisher-Yates, from the end.
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
