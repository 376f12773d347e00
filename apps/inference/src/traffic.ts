import { LATENCY_BOUNDS_MS, type DesiredRevision, type RevisionTraffic } from '#contracts';
import type { DecodedInputs } from '#engine-onnx';
import { faultAnswer } from './answer.js';
import type { Tensors } from './batch-tensors.js';

/** A model may know more classes than are worth counting. */
const MAX_CLASSES = 200;
/** Revisions that were served and are not any more. */
const MAX_REVISIONS = 1000;

interface Counts extends Omit<RevisionTraffic, 'revisionId' | 'latency' | 'classes'> {
  requests: number;
  rows: number;
  refused: number;
  errors: number;
  readonly latency: number[];
  readonly classes: Map<string, number>;
}

/** What this node has answered since it started, by revision. */
export class Traffic {
  private readonly counts = new Map<string, Counts>();
  /** Rises with every request: a report that would say nothing new need not be sent. */
  generation = 0;

  /** Counts one request; its outcome and time are those of `work`. */
  async count<T extends { decoded: DecodedInputs; tensors: Tensors }>(
    revision: DesiredRevision,
    work: () => Promise<T>,
  ): Promise<T> {
    const counts = this.of(revision.revisionId);
    const began = performance.now();
    this.generation++;
    counts.requests++;
    try {
      const done = await work();
      counts.latency[binOf(performance.now() - began)]!++;
      counts.rows += done.decoded.rows;
      countClasses(counts.classes, revision, done.tensors);
      return done;
    } catch (error) {
      if ((faultAnswer(error)?.status ?? 500) < 500) counts.refused++;
      else counts.errors++;
      throw error;
    }
  }

  report(): RevisionTraffic[] {
    return [...this.counts].map(([revisionId, { classes, latency, ...sums }]) => ({
      revisionId,
      ...sums,
      latency: [...latency],
      classes: Object.fromEntries(classes),
    }));
  }

  private of(revisionId: string): Counts {
    let counts = this.counts.get(revisionId);
    if (!counts) {
      const latency = Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0);
      counts = { requests: 0, rows: 0, refused: 0, errors: 0, latency, classes: new Map() };
      if (this.counts.size >= MAX_REVISIONS) this.counts.delete(this.counts.keys().next().value!);
      this.counts.set(revisionId, counts);
    }
    return counts;
  }
}

function binOf(ms: number): number {
  const bin = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
  return bin < 0 ? LATENCY_BOUNDS_MS.length : bin;
}

function countClasses(counts: Map<string, number>, { signature }: DesiredRevision, tensors: Tensors): void {
  const output = signature.classes && signature.outputs.find(({ datatype }) => datatype === 'BYTES');
  if (!output) return;
  for (const label of tensors[output.name]?.data ?? []) {
    if (typeof label !== 'string' || (counts.size >= MAX_CLASSES && !counts.has(label))) continue;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
}
