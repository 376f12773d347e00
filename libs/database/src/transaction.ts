import type { EntityManager } from 'typeorm';
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
