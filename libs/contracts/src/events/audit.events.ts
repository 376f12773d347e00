import { z } from 'zod';

export const AUDIT_EVENTS = {
  /** Somebody was refused something. Repeats within a minute are one event, with how many there were. */
  'access.refused': z.strictObject({
    action: z.string(),
    subjectKind: z.string(),
    subjectId: z.string(),
    code: z.string(),
    reason: z.string(),
    count: z.int(),
  }),
  /** The audit was searched, or its chain read; counted like refusals. */
  'audit.read': z.strictObject({ count: z.int() }),
  'audit.exported': z.strictObject({ format: z.string(), count: z.int() }),
  /** Retention dropped rows of before a moment; the checkpoint says where the chain goes on. */
  'audit.retired': z.strictObject({
    checkpointId: z.string(),
    before: z.string(),
    position: z.int(),
    hash: z.string(),
    rows: z.int(),
  }),
} as const;
