export { rowsOf, Tx, type TxGuard } from './transaction.js';
export { UnitOfWork } from './unit-of-work.js';
export { dataSourceOptions } from './data-source.js';
export { migrate, type MigrateOptions } from './migrate.js';
export { cursorOf, keysetPage } from './keyset.js';
export { SnakeNaming } from './naming.js';
