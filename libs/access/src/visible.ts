import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { readablePaths, type Ctx } from './ctx.js';
import type { Permission } from './model/permissions.js';

/**
 * Restricts a query to the caller's workspace and to the project paths on which it has `permission`. `project` is the SQL of a row's project path: a
 * column, or a subquery for rows that hang on another.
 */
export function visible<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  ctx: Ctx,
  permission: Permission,
  project: string,
): SelectQueryBuilder<T> {
  query.andWhere(`${query.alias}.workspaceId = :visibleWorkspace`, { visibleWorkspace: ctx.workspaceId });
  const paths = readablePaths(ctx, permission);
  if (!paths) return query;
  const covered = `exists (select 1 from unnest(:visiblePaths::text[]) p where ${project} = p or starts_with(${project}, p || '/'))`;
  return query.andWhere(covered, { visiblePaths: paths });
}
