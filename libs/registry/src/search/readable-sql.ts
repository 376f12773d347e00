import { readablePaths, type Ctx } from '#access';
import type { SqlParams } from '#database';

/** Condition for rows whose project the caller may read; none when it may read every one. */
export function projectSql(ctx: Ctx, project: string, params: SqlParams): string[] {
  const paths = readablePaths(ctx, 'registry.read');
  if (!paths) return [];
  const list = params.add(paths, 'text[]');
  return [`exists (select 1 from unnest(${list}) p where ${project} = p or starts_with(${project}, p || '/'))`];
}
