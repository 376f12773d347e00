export { Tx, type TxGuard } from './transaction.js';
export { UnitOfWork } from './unit-of-work.js';
export { dataSourceOptions } from './data-source.js';
export { migrate, type MigrateOptions } from './migrate.js';
export { cursorOf, keysetPage } from './keyset.js';
export { SnakeNaming } from './naming.js';
export { startEmbedded, type EmbeddedPostgres } from './embedded/index.js';
export { goneWithin, processIdentity, signal as signalProcess } from './embedded/processes.js';
export { badValue, select, selectOnce, selectText } from './sql.js';
export {
  groupSql,
  SortedPage,
  SqlParams,
  sqlOp,
  textTestSql,
  toDate,
  type NumberOp,
  type SortKey,
  type TextTest,
} from './sorted-page.js';
