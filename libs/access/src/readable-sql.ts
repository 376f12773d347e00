import type { SqlParams } from '#database';
import { readablePaths, type Ctx } from './ctx.js';
import type { Permission } from './model/permissions.js';

/** Condition for rows whose project (the SQL of its path) the caller has `permission` on; none when it has it everywhere. */
export function readableSql(ctx: Ctx, permission: Permission, project: string, params: SqlParams): string[] {
  const paths = readablePaths(ctx, permission);
  if (!paths) return [];
  const list = params.add(paths, 'text[]');
  return [`exists (select 1 from unnest(${list}) p where ${project} = p or starts_with(${project}, p || '/'))`];
}
