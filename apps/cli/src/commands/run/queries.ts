export interface Metric {
  readonly key: string;
  readonly value: number | null;
  readonly text: string;
  readonly step: number;
  readonly timestamp: number;
  readonly source: string;
}

export interface Point {
  readonly key: string;
  readonly step: number;
  readonly value: number | null;
  readonly timestamp: number;
  readonly attempt: number;
}

export interface RunRow {
  readonly id: string;
  readonly name: string;
  readonly status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly experiment: { readonly name: string };
  readonly metrics: Metric[];
}

export const RUN = 'id name status startedAt endedAt experiment { name } metrics { key value text step timestamp source }';

export function durationOf(run: RunRow): number {
  return Date.parse(run.endedAt ?? new Date().toISOString()) - Date.parse(run.startedAt);
}

/** Curves by key, one value per step: of the last attempt, where several logged it. */
export function curvesOf(points: readonly Point[]): Map<string, { step: number; value: number | null }[]> {
  const curves = new Map<string, Map<number, Point>>();
  for (const point of points) {
    const curve = curves.get(point.key) ?? new Map<number, Point>();
    const known = curve.get(point.step);
    if (!known || known.attempt <= point.attempt) curve.set(point.step, point);
    curves.set(point.key, curve);
  }
  return new Map([...curves].map(([key, curve]) => [key, [...curve.values()].sort((a, b) => a.step - b.step)]));
}
