import { Injectable } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import { errorMessage } from '#kernel';
import { together, type SqlClient } from './sql.js';
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
      const tx = new Tx(runner.manager, client);
      let result: T;
      try {
        const claim = await together(client, () => {
          begin(runner, client);
          return guard ? guard.claim(tx) : { done: false, first: work(tx) };
        });
        if (claim.done) {
          await rollback(runner, client);
          return (claim as { result?: unknown }).result as T;
        }
        result = await ('first' in claim ? claim.first : work(tx));
        if (guard) await guard.settle(tx, result);
        await commit(runner, client, tx);
      } catch (error) {
        await rollback(runner, client).catch(() => undefined);
        throw error;
      }
      await tx.runAfterCommit((error) => process.emitWarning(`after commit: ${errorMessage(error)}`));
      return result;
    } finally {
      await runner.release();
    }
  }
}

/** TypeORM's own methods wait for the server at every step; here BEGIN travels with the first statement, and COMMIT with the last ones. */
const active = (runner: QueryRunner, is: boolean): void =>
  void ((runner as { isTransactionActive: boolean }).isTransactionActive = is);

function begin(runner: QueryRunner, client: SqlClient): void {
  // When it fails, so does every statement after it.
  client.query({ text: 'begin', values: [] }).catch(() => undefined);
  active(runner, true);
}

async function commit(runner: QueryRunner, client: SqlClient, tx: Tx): Promise<void> {
  const sent = await together(client, () =>
    Promise.allSettled([...tx.sendEndings(), client.query({ text: 'commit', values: [] })]),
  );
  active(runner, false);
  for (const outcome of sent) if (outcome.status === 'rejected') throw outcome.reason;
  const last = sent.at(-1) as PromiseFulfilledResult<{ readonly command?: string }>;
  if (last.value.command !== 'COMMIT') throw new Error('the server rolled the transaction back');
}

async function rollback(runner: QueryRunner, client: SqlClient): Promise<void> {
  if (!runner.isTransactionActive) return;
  active(runner, false);
  await client.query({ text: 'rollback', values: [] });
}
