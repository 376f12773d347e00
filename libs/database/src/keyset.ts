import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { encodeCursor, parsePage, toPage, type Page, type PageArgs } from '#kernel';

/**
 * One keyset page of a query, newest first by default. Ids are UUIDv7, so that the order of ids is the order of creation and one column is a
 * whole key. One SQL statement.
 */
export async function keysetPage<T extends ObjectLiteral & { id: string }>(
  query: SelectQueryBuilder<T>,
  args: PageArgs,
  direction: 'ASC' | 'DESC' = 'DESC',
): Promise<Page<T>> {
  const { limit, after } = parsePage(args);
  const alias = query.alias;
  if (after) query.andWhere(`${alias}.id ${direction === 'DESC' ? '<' : '>'} :keysetAfter`, { keysetAfter: after });
  const rows = await query
    .orderBy(`${alias}.id`, direction)
    .limit(limit + 1)
    .getMany();
  return toPage(rows, limit);
}

/** Cursor of a row of a keyset page. */
export function cursorOf(row: { id: string }): string {
  return encodeCursor(row.id);
}
