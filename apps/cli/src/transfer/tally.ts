import { errorMessage } from '#kernel';
import { clean } from '../output/clean.js';
import type { Printer } from '../output/printer.js';
import { renderTable } from '../output/table.js';
import { bytesText } from '../output/units.js';

export interface Count {
  made: number;
  present: number;
  leftOut: number;
}

export interface LeftOut {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
  readonly count: number;
}

/** Reasons are kept up to this many; the counts go on. */
const MAX_REASONS = 10_000;
const TICK_MS = 200;

/** Counts what a transfer did, kind by kind, and shows how far it is. */
export class Tally {
  readonly counts: Record<string, Count> = {};
  readonly leftOut: LeftOut[] = [];
  readonly notes: string[] = [];
  readonly begun = performance.now();
  bytes = 0;
  total = 0;
  private shown = 0;

  constructor(
    private readonly printer: Printer,
    kinds: readonly string[],
  ) {
    for (const kind of kinds) this.counts[kind] = { made: 0, present: 0, leftOut: 0 };
  }

  made(kind: string, count = 1): void {
    this.of(kind).made += count;
    this.tick();
  }

  present(kind: string, count = 1): void {
    this.of(kind).present += count;
    this.tick();
  }

  /** Not there now, and why; `count` things of the same reason. */
  lost(kind: string, id: string, why: unknown, count = 1): void {
    this.of(kind).leftOut += count;
    const reason = clean(typeof why === 'string' ? why : errorMessage(why)).slice(0, 500);
    if (this.leftOut.length < MAX_REASONS) this.leftOut.push({ kind, id: clean(id), reason, count });
  }

  /** Something that the user should know, though nothing is missing. */
  note(text: string): void {
    this.notes.push(clean(text));
    this.printer.say(clean(text));
  }

  /** How many things are not there. */
  get missing(): number {
    return Object.values(this.counts).reduce((sum, { leftOut }) => sum + leftOut, 0);
  }

  get seconds(): number {
    return Math.round(performance.now() - this.begun) / 1000;
  }

  toJSON(): object {
    const { counts, bytes, notes, leftOut, missing, seconds } = this;
    return { complete: missing === 0, seconds, counts, bytes, notes, leftOut };
  }

  text(): string {
    const rows = Object.entries(this.counts)
      .filter(([, count]) => count.made + count.present + count.leftOut > 0)
      .map(([kind, { made, present, leftOut }]) => [kind, made, present, leftOut]);
    const times = (count: number) => (count > 1 ? ` (${count} of them)` : '');
    const reasons = this.leftOut.map(({ kind, id, reason, count }) => `left out: ${kind} ${id}: ${reason}${times(count)}`);
    return [renderTable(['WHAT', 'NEW', 'ALREADY THERE', 'LEFT OUT'], rows), ...reasons].join('\n');
  }

  private of(kind: string): Count {
    return (this.counts[kind] ??= { made: 0, present: 0, leftOut: 0 });
  }

  private tick(): void {
    const now = performance.now();
    if (now - this.shown < TICK_MS) return;
    this.shown = now;
    const done = (kind: string) => (this.counts[kind]?.made ?? 0) + (this.counts[kind]?.present ?? 0);
    const rate = (done('runs') / Math.max(this.seconds, 0.001)).toFixed(1);
    this.printer.progress(
      `runs ${done('runs')}/${this.total}  points ${done('points')}  files ${done('files')} (${bytesText(this.bytes)})  ${rate} runs/s`,
    );
  }
}

export function leftOutText(count: number): string {
  return `${count} ${count === 1 ? 'thing was' : 'things were'} left out; the report says which and why`;
}
