import { z } from 'zod';
import { SignatureSchema } from './model-files.js';

/** One revision that an inference node should serve. */
export const DesiredRevisionSchema = z.strictObject({
  endpointId: z.string(),
  endpoint: z.string(),
  workspaceId: z.string(),
  revisionId: z.string(),
  number: z.int(),
  modelVersionId: z.string(),
  modelVersion: z.int(),
  onnx: z.string(),
  signature: SignatureSchema,
});
export type DesiredRevision = z.infer<typeof DesiredRevisionSchema>;

/** Desired state of all inference nodes. `generation` rises with each change; a node asks for what is newer than the one it has. */
export const DesiredStateSchema = z.strictObject({ generation: z.string(), revisions: z.array(DesiredRevisionSchema) });
export type DesiredState = z.infer<typeof DesiredStateSchema>;

/** What a node reports: which revisions answer requests, and which could not be loaded. */
export const ObservedStateSchema = z.strictObject({
  nodeId: z.string(),
  revisions: z.array(
    z.strictObject({ revisionId: z.string(), state: z.enum(['ready', 'failed']), reason: z.string().max(2000).optional() }),
  ),
});
export type ObservedState = z.infer<typeof ObservedStateSchema>;

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
