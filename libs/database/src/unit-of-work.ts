import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { errorMessage } from '#kernel';
import type { SqlClient } from './sql.js';
import { Tx, type TxGuard } from './transaction.js';

const RETRIES = 3;
/** serialization_failure, deadlock_detected: the transaction did nothing and may be tried again. */
const RETRYABLE = new Set(['40001', '40P01']);

@Injectable()
export class UnitOfWork {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one transaction and returns its result, which must be plain JSON when a guard is given. `work` may run again after a
   * deadlock, so it keeps its side effects inside `tx`. Everything is rolled back when it throws.
   */
  async run<T>(context: { readonly guard?: TxGuard }, work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(context.guard, work);
      } catch (error) {
        const code = (error as { code?: string }).code;
        if (attempt >= RETRIES || !code || !RETRYABLE.has(code)) throw error;
      }
    }
  }

  private async once<T>(guard: TxGuard | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as SqlClient;
      await runner.startTransaction();
      const tx = new Tx(runner.manager, client);
      let result: T;
      try {
        const claim = guard ? await guard.claim(tx) : { done: false };
        if (claim.done) {
          await runner.rollbackTransaction();
          return (claim as { result?: unknown }).result as T;
        }
        result = await work(tx);
        await tx.runBeforeCommit();
        if (guard) await guard.settle(tx, result);
        await runner.commitTransaction();
      } catch (error) {
        if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
      await tx.runAfterCommit((error) => process.emitWarning(`after commit: ${errorMessage(error)}`));
      return result;
    } finally {
      await runner.release();
    }
  }
}
