import type { LineageRunState } from '#contracts';
import type { Phase } from '../graph-fold.js';

/** A run from a start to an end; null for one that goes on. */
export interface Stretch {
  readonly start: Date;
  readonly end: { readonly at: Date; readonly state: Extract<LineageRunState, 'COMPLETE' | 'FAIL' | 'ABORT'> } | null;
}

const ENDS = { FINISHED: 'COMPLETE', FAILED: 'FAIL', KILLED: 'ABORT' } as const;

/** Starts and ends of a run, whose phases are all that it was. An end that was put right counts as it was put right. */
export function stretchesOf(phases: readonly Phase[], since: Date): Stretch[] {
  const stretches: { start: Date; end: Stretch['end'] }[] = [];
  for (const { at, state } of phases) {
    const last = stretches.at(-1);
    if (state === 'RUNNING' && (!last || last.end)) stretches.push({ start: new Date(at), end: null });
    if (state === undefined || !Object.hasOwn(ENDS, state)) continue;
    // The log may have forgotten the start.
    const stretch = last ?? { start: since, end: null };
    if (!last) stretches.push(stretch);
    stretch.end = { at: new Date(at), state: ENDS[state as keyof typeof ENDS] };
  }
  return stretches;
}
