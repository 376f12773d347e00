import { DomainError } from '#kernel';

/** How far a figure may be from the original's: `|reproduced - original| <= absolute + relative * |original|`. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
  /** Metrics that have an absolute part of their own. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The defaults and the formula of numpy.isclose: on the same machine a training repeats itself bit by bit, and this is far below what a figure is read to. */
export const DEFAULT_TOLERANCE: Tolerance = { absolute: 1e-8, relative: 1e-5, metrics: {} };

/** The formula; NaN agrees with NaN, and an infinity with itself alone. https://numpy.org/doc/stable/reference/generated/numpy.isclose.html */
export function isClose(reproduced: number, original: number, absolute: number, relative: number): boolean {
  if (Object.is(reproduced, original) || reproduced === original) return true;
  if (!Number.isFinite(reproduced) || !Number.isFinite(original)) return false;
  return Math.abs(reproduced - original) <= absolute + relative * Math.abs(original);
}

export interface ToleranceInput {
  readonly absolute?: number | null;
  readonly relative?: number | null;
  readonly metrics?: readonly { readonly key: string; readonly absolute: number }[] | null;
}

/** Throws BAD_INPUT for what is no tolerance, and for a metric that is none of `known`. */
export function toleranceOf({ absolute, relative, metrics }: ToleranceInput, known: readonly string[]): Tolerance {
  const unknown = metrics?.find(({ key }) => !known.includes(key));
  if (unknown)
    throw new DomainError(
      'BAD_INPUT',
      `the run has no metric ${JSON.stringify(unknown.key)}; it has ${known.join(', ') || 'none'}`,
      'tolerance.metrics',
    );
  return {
    absolute: checked(absolute ?? DEFAULT_TOLERANCE.absolute, 'tolerance.absolute'),
    relative: checked(relative ?? DEFAULT_TOLERANCE.relative, 'tolerance.relative'),
    metrics: Object.fromEntries((metrics ?? []).map(({ key, absolute: own }) => [key, checked(own, 'tolerance.metrics')])),
  };
}

function checked(value: number, field: string): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new DomainError('BAD_INPUT', `a tolerance must be a number of 0 or more, not ${value}`, field);
}
