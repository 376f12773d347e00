import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { insertSql, selectSql } from './entity-sql.js';
import { runSql, type SqlClient } from './sql.js';

type Hook = () => Promise<void>;

/**
 * An open transaction. Writes take it as an argument: there is no ambient transaction. `em` is bound to its connection.
 * What is given to `atEnd` is sent just before COMMIT, in the order given and without waiting; `afterCommit` hooks run once it is durable (their
 * failures are logged only).
 */
export class Tx {
  private readonly endings: { readonly sql: string; readonly params: readonly unknown[] }[] = [];
  private readonly after: Hook[] = [];

  constructor(
    readonly em: EntityManager,
    private readonly client: SqlClient,
  ) {}

  /** A statement whose answer nobody needs; the text is a constant, see `runSql`. When it fails, the transaction is rolled back. */
  atEnd(sql: string, params: readonly unknown[]): void {
    this.endings.push({ sql, params });
  }

  afterCommit(hook: Hook): void {
    this.after.push(hook);
  }

  /** Rows of a statement with bound parameters; the text is a constant, see `runSql`. */
  query<T = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    return runSql<T>(this.client, sql, params);
  }

  /**
   * The first row of an entity that `tail` finds (`where …`, by the names of the columns), as a prepared statement: what the entity manager makes of the same is
   * put together, parsed and planned anew each time. The tail is a constant.
   */
  async first<E extends ObjectLiteral>(entity: EntityTarget<E>, tail: string, params: readonly unknown[]): Promise<E | null> {
    const rows = await this.query<E>(`${selectSql(this.em, entity)} ${tail}`, params);
    return rows[0] ?? null;
  }

  /** Inserts a row with the properties that it has; the others get their defaults. */
  async insert<E extends ObjectLiteral>(entity: EntityTarget<E>, row: Partial<E>): Promise<void> {
    const { sql, values } = insertSql(this.em, entity, row);
    await this.query(sql, values);
  }

  sendEndings(): Promise<unknown>[] {
    return this.endings.map(({ sql, params }) => runSql(this.client, sql, params));
  }

  async runAfterCommit(onError: (error: unknown) => void): Promise<void> {
    for (const hook of this.after) await hook().catch(onError);
  }
}

/**
 * Makes a transaction happen once: `claim` runs first and says whether its effect is there already (then the stored result is returned and
 * nothing runs); `settle` stores the result in the same transaction. Implemented by the inbox and by idempotency keys.
 */
export interface TxGuard {
  claim(tx: Tx): Promise<{ readonly done: boolean; readonly result?: unknown }>;
  settle(tx: Tx, result: unknown): Promise<void>;
}
