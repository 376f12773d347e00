import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

const selects = new WeakMap<object, string>();

/** `select` of all columns of an entity, by the names of its properties, but for those that are not selected by default. */
export function selectSql(em: EntityManager, entity: EntityTarget<ObjectLiteral>): string {
  const metadata = em.connection.getMetadata(entity);
  let sql = selects.get(metadata);
  if (sql === undefined) {
    const columns = metadata.columns.filter((column) => column.isSelect);
    const list = columns.map((column) => `"${column.databaseName}" as "${column.propertyName}"`);
    selects.set(metadata, (sql = `select ${list.join(', ')} from "${metadata.tableName}"`));
  }
  return sql;
}

/** `insert` of a row with the properties that it has, and the values in their order. */
export function insertSql(
  em: EntityManager,
  entity: EntityTarget<ObjectLiteral>,
  row: ObjectLiteral,
): { readonly sql: string; readonly values: unknown[] } {
  const metadata = em.connection.getMetadata(entity);
  const columns = metadata.columns.filter((column) => row[column.propertyName] !== undefined);
  const values = columns.map((column) => {
    const value: unknown = row[column.propertyName];
    return column.type === 'jsonb' && value !== null ? JSON.stringify(value) : value;
  });
  const names = columns.map((column) => `"${column.databaseName}"`).join(', ');
  const sql = `insert into "${metadata.tableName}" (${names}) values (${columns.map((_, i) => `$${i + 1}`).join(', ')})`;
  return { sql, values };
}
