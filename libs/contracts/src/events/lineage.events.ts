import { z } from 'zod';

export const LINEAGE_EVENTS = {
  /** The graph was built anew from so many events of the log; `differing` rows were put right. */
  'lineage.rebuilt': z.strictObject({ events: z.int(), nodes: z.int(), edges: z.int(), differing: z.int() }),
  /** Somebody took the graph away, whole as far as he may see it; counted like exports of the audit. */
  'lineage.exported': z.strictObject({ format: z.string(), count: z.int() }),
} as const;
