import { z } from 'zod';

export const ACCESS_EVENTS = {
  'workspace.created': z.strictObject({ workspaceId: z.string(), name: z.string() }),
  'member.created': z.strictObject({ memberId: z.string(), name: z.string(), role: z.string() }),
  'member.role_granted': z.strictObject({ memberId: z.string(), name: z.string(), project: z.string(), role: z.string() }),
  'member.role_withdrawn': z.strictObject({ memberId: z.string(), name: z.string(), project: z.string(), role: z.string() }),
  'member.removed': z.strictObject({ memberId: z.string(), name: z.string(), tokens: z.number().int() }),
  'token.created': z.strictObject({ tokenId: z.string(), memberId: z.string().nullable(), scope: z.string() }),
  'token.deleted': z.strictObject({ tokenId: z.string() }),
  'runner.online': z.strictObject({ runnerId: z.string() }),
  'runner.lost': z.strictObject({ runnerId: z.string() }),
} as const;
