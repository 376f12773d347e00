import { z } from 'zod';
import { SignatureSchema } from './model-files.js';

/** One revision that an inference node should serve. */
export const DesiredRevisionSchema = z.strictObject({
  endpointId: z.string(),
  endpoint: z.string(),
  workspaceId: z.string(),
  project: z.string(),
  revisionId: z.string(),
  number: z.int(),
  modelVersionId: z.string(),
  modelVersion: z.int(),
  onnx: z.string(),
  signature: SignatureSchema,
});
export type DesiredRevision = z.infer<typeof DesiredRevisionSchema>;

/** A token of a member: its SHA-256, its workspace, and the project paths where it may predict (`/` is all; none: nowhere). */
export const CallerSchema = z.strictObject({
  hash: z.string(),
  workspaceId: z.string(),
  paths: z.array(z.string()),
  /** Milliseconds since the epoch. */
  expiresAt: z.number().nullable(),
});
export type Caller = z.infer<typeof CallerSchema>;

/**
 * Desired state of all inference nodes: what to serve, and to whom, so that a node answers and refuses by itself while the control plane is
 * down. `generation` is a digest of the rest; a node waits for one that differs from its own.
 */
export const DesiredStateSchema = z.strictObject({
  generation: z.string(),
  revisions: z.array(DesiredRevisionSchema),
  callers: z.array(CallerSchema),
});
export type DesiredState = z.infer<typeof DesiredStateSchema>;

/** What a node reports: which revisions answer requests, and which could not be loaded. */
export const ObservedStateSchema = z.strictObject({
  nodeId: z.string(),
  revisions: z.array(
    z.strictObject({ revisionId: z.string(), state: z.enum(['ready', 'failed']), reason: z.string().max(2000).optional() }),
  ),
});
export type ObservedState = z.infer<typeof ObservedStateSchema>;

/** Upper bounds of the latency histogram in milliseconds; a last bin holds what took longer. */
export const LATENCY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const;

/** What a node has answered for one revision since it started: sums that only grow, so that a report that comes twice changes nothing. */
export const RevisionTrafficSchema = z.strictObject({
  revisionId: z.string(),
  requests: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  /** Requests that were wrong themselves (4xx), and those that the node failed (5xx). */
  refused: z.int().nonnegative(),
  errors: z.int().nonnegative(),
  /** Answered requests by time, LATENCY_BOUNDS_MS. */
  latency: z.array(z.int().nonnegative()).length(LATENCY_BOUNDS_MS.length + 1),
  /** Rows by the class that was predicted; empty for a model without classes. */
  classes: z.record(z.string().max(500), z.int().nonnegative()),
});
export type RevisionTraffic = z.infer<typeof RevisionTrafficSchema>;

/** A node's report of its traffic; `bootId` is new with each start of the node. */
export const TrafficReportSchema = z.strictObject({
  nodeId: z.string(),
  bootId: z.string(),
  revisions: z.array(RevisionTrafficSchema).max(1000),
});
export type TrafficReport = z.infer<typeof TrafficReportSchema>;

/**
 * Id of one prediction: `prd_<32 hex of the revision>_<32 hex of the node>_<32 hex, its own>`. It names its endpoint revision and node, so
 * that lineage needs no row per prediction.
 */
export function predictionId(revisionId: string, nodeId: string, own: string): string {
  return `prd_${revisionId.slice(4)}_${nodeId.slice(4)}_${own}`;
}

export function parsePredictionId(id: string): { revisionId: string; nodeId: string } | undefined {
  const match = /^prd_([0-9a-f]{32})_([0-9a-f]{32})_([0-9a-f]{32})$/.exec(id);
  return match ? { revisionId: `rev_${match[1]}`, nodeId: `nod_${match[2]}` } : undefined;
}
