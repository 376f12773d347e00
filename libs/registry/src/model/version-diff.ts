import type { ManifestFile } from '#contracts';
import { bytesOf, codeOf, type DataSheet, type VersionSheet } from './sheet.js';
import { incompatibility } from './signatures.js';

/** One thing that two versions have in different ways; null where one does not have it. */
export interface Difference<T> {
  readonly key: string;
  readonly a: T | null;
  readonly b: T | null;
}

export interface VersionDiff {
  /** Figures of the platform, and under `logged/` those of clients. Equal ones are there too: they are what one wants to see side by side. */
  readonly metrics: readonly Difference<number>[];
  readonly params: readonly Difference<string>[];
  readonly data: readonly Difference<string>[];
  readonly code: readonly Difference<string>[];
  readonly files: readonly Difference<ManifestFile>[];
  /** Operators or layers of each file, as `file: operator`. */
  readonly graph: readonly Difference<number>[];
  readonly bytes: { readonly a: number | null; readonly b: number | null };
  /** Why callers of `a` could not call `b`; null when they can, or when it is not known. */
  readonly incompatible: string | null;
}

/** What tells two versions apart. Of everything but metrics, only what differs. */
export function diffOf(a: VersionSheet, b: VersionSheet): VersionDiff {
  const incompatible = a.signature && b.signature ? incompatibility(a.signature, b.signature) : undefined;
  return {
    metrics: sideBySide(figuresOf(a), figuresOf(b)),
    params: different(a.run?.params ?? {}, b.run?.params ?? {}),
    data: different(dataOf(a.data), dataOf(b.data)),
    code: different(codeOf(a.run), codeOf(b.run)),
    files: different(filesOf(a), filesOf(b), (one, other) => one.sha256 === other.sha256),
    graph: different(graphOf(a), graphOf(b)),
    bytes: { a: bytesOf(a.manifest), b: bytesOf(b.manifest) },
    incompatible: incompatible ?? null,
  };
}

function sideBySide<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): Difference<T>[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return keys.map((key) => ({ key, a: a[key] ?? null, b: b[key] ?? null }));
}

function different<T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
  same: (one: T, other: T) => boolean = Object.is,
): Difference<T>[] {
  return sideBySide(a, b).filter((each) => each.a === null || each.b === null || !same(each.a, each.b));
}

function figuresOf({ measured, run }: VersionSheet): Record<string, number> {
  const logged = Object.entries(run?.metrics ?? {}).map(([key, value]) => [`logged/${key}`, value]);
  return { ...measured, ...(Object.fromEntries(logged) as Record<string, number>) };
}

function dataOf(data: DataSheet | null): Record<string, string> {
  if (!data) return {};
  const { dataset, number, rows, columns, sha256 } = data;
  return { dataset, version: String(number), rows: String(rows ?? '?'), columns: String(columns ?? '?'), sha256 };
}

const filesOf = ({ manifest }: VersionSheet): Record<string, ManifestFile> =>
  Object.fromEntries((manifest ?? []).map((file) => [file.path, file]));

function graphOf({ scan }: VersionSheet): Record<string, number> {
  const counts = Object.entries(scan?.graphs ?? {}).flatMap(([file, { operators, parameters }]) => [
    ...Object.entries(operators).map(([name, count]) => [`${file}: ${name}`, count] as const),
    ...(parameters === null ? [] : [[`${file}: parameters`, parameters] as const]),
  ]);
  return Object.fromEntries(counts);
}
