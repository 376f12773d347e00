import type { Tx, TxGuard } from '#database';
import { DomainError } from '#kernel';

/** How long a key stands for its first request. */
export const IDEMPOTENCY_HOURS = 24;

/**
 * `Idempotency-Key` of a mutation. The key is claimed and the use case's result stored in the transaction of its effect, so that a repeat
 * finds both or neither, also after a crash; repeats that come at the same time wait for the first. A failed request keeps no key.
 */
export class IdempotencyGuard implements TxGuard {
  private transactions = 0;

  constructor(
    private readonly workspaceId: string,
    private readonly authId: string,
    private readonly key: string,
    private readonly requestHash: string,
  ) {
    if (!/^[\x21-\x7e]{1,255}$/.test(key))
      throw new DomainError(
        'BAD_INPUT',
        'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces',
        'Idempotency-Key',
      );
  }

  async claim(tx: Tx): Promise<{ done: boolean; result?: unknown }> {
    // A mutation of several transactions has a key for each, in their order.
    const key = this.current();
    await tx.query(
      'delete from idempotency_key where workspace_id = $1 and auth_id = $2 and key = $3 and created_at < now() - make_interval(hours => $4)',
      [this.workspaceId, this.authId, key, IDEMPOTENCY_HOURS],
    );
    const inserted = await tx.query(
      'insert into idempotency_key (workspace_id, auth_id, key, request_hash) values ($1, $2, $3, $4) on conflict do nothing returning 1',
      [this.workspaceId, this.authId, key, this.requestHash],
    );
    if (inserted.length > 0) return { done: false };
    const [row] = await tx.query<{ request_hash: string; result: unknown }>(
      'select request_hash, result from idempotency_key where workspace_id = $1 and auth_id = $2 and key = $3',
      [this.workspaceId, this.authId, key],
    );
    if (row!.request_hash !== this.requestHash)
      throw new DomainError(
        'IDEMPOTENCY_MISMATCH',
        'this Idempotency-Key was used for another request; use a new key',
        'Idempotency-Key',
      );
    this.transactions += 1;
    return { done: true, result: row!.result };
  }

  async settle(tx: Tx, result: unknown): Promise<void> {
    await tx.query('update idempotency_key set result = $4 where workspace_id = $1 and auth_id = $2 and key = $3', [
      this.workspaceId,
      this.authId,
      this.current(),
      JSON.stringify(result ?? null),
    ]);
    this.transactions += 1;
  }

  private current(): string {
    return this.transactions === 0 ? this.key : `${this.key}#${this.transactions}`;
  }
}
