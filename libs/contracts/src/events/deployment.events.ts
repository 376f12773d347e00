import { z } from 'zod';

const revision = {
  endpointId: z.string(),
  revisionId: z.string(),
  number: z.int(),
  modelVersionId: z.string(),
};

export const DEPLOYMENT_EVENTS = {
  'endpoint.created': z.strictObject({
    endpointId: z.string(),
    name: z.string(),
    project: z.string(),
    modelId: z.string(),
    stage: z.string(),
  }),
  'deployment.created': z.strictObject(revision),
  'deployment.ready': z.strictObject({ ...revision, nodeId: z.string() }),
  /** Beside the revision that takes over: which one was left, and why. */
  'deployment.rolled_back': z.strictObject({ ...revision, fromRevisionId: z.string(), reason: z.string() }),
  'deployment.failed': z.strictObject({ ...revision, nodeId: z.string(), reason: z.string() }),
} as const;
