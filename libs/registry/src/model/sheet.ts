import type { ManifestFile, ScanResult, Signature } from '#contracts';

/** All that is known of a version, from every room that knows something. */
export interface VersionSheet {
  readonly model: { readonly name: string; readonly project: string; readonly description: string };
  readonly number: number;
  readonly stage: string;
  readonly description: string;
  readonly createdAt: Date;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
  readonly run: RunSheet | null;
  readonly data: DataSheet | null;
  /** Measured by jobs of the platform on the version's own files. */
  readonly measured: Readonly<Record<string, number>>;
  readonly signature: Signature | null;
  /** JSON; null when there is none. */
  readonly example: unknown;
  readonly manifest: readonly ManifestFile[] | null;
  readonly scan: ScanResult | null;
}

export interface RunSheet {
  readonly id: string;
  readonly name: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Latest values that clients and training programs wrote. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface DataSheet {
  readonly id: string;
  readonly dataset: string;
  readonly number: number;
  readonly state: string;
  readonly rows: number | null;
  readonly columns: number | null;
  readonly sha256: string;
}

/** Tags by which clients say what code ran: ours, and MLflow's (mlflow/utils/mlflow_tags.py). */
const CODE_TAGS = [
  'tailrace.code',
  'tailrace.engine',
  'tailrace.backend',
  'mlflow.source.name',
  'mlflow.source.git.commit',
  'mlflow.source.git.repoURL',
  'mlflow.source.git.branch',
] as const;

export function codeOf(run: RunSheet | null): Record<string, string> {
  return Object.fromEntries(CODE_TAGS.flatMap((tag) => (run?.tags[tag] === undefined ? [] : [[tag, run.tags[tag]]])));
}

export const bytesOf = (manifest: readonly ManifestFile[] | null): number | null =>
  manifest && manifest.reduce((sum, { size }) => sum + size, 0);
