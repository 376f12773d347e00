import { canonicalJson, sha256 } from '#kernel';
import type { ManifestFile, StageFlow } from '#contracts';
import type { GateEvidence } from './gates.js';

/** What a request froze: what its gates looked at, every file with its hash, and the flow by which it was judged. */
export interface FrozenEvidence extends GateEvidence {
  readonly fingerprint: string;
  readonly manifest: readonly ManifestFile[] | null;
  readonly flow: { readonly name?: string; readonly revision: number };
  /** When the gates that look at the champion were evaluated again, ISO 8601 in UTC. */
  readonly recheckedAt?: string;
}

/** The parts of a version by which it is judged. */
export interface JudgedVersion {
  readonly files: unknown;
  readonly manifest: unknown;
  readonly signature: unknown;
  readonly evaluation: unknown;
  readonly datasetVersionId: string | null;
  readonly storageLocation: string | null;
}

/** Changes when anything changes by which the version is judged. */
export function fingerprintOf(version: JudgedVersion): string {
  const { files, manifest, signature, evaluation, datasetVersionId, storageLocation } = version;
  return sha256(canonicalJson({ files, manifest, signature, evaluation, datasetVersionId, storageLocation }));
}

/** How the flow of an evidence is named. */
export function flowOf(flow: StageFlow, revision: number): FrozenEvidence['flow'] {
  return { ...(flow.name === undefined ? {} : { name: flow.name }), revision };
}
