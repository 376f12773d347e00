import { createHash } from 'node:crypto';

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

/** Mulberry32 (Tommy Ettinger, public domain): fractions in [0, 1) from a 32-bit state. Enough for shuffling, for nothing else. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
