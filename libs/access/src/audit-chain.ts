import { Injectable } from '@nestjs/common';
import { eventType, type AuditEntry, type LoggedEvent } from '#contracts';
import type { Tx } from '#database';
import { LogConsumer, LogConsumerHost } from '#messaging';
import { auditIdOf } from './audit-statement.js';
import { entriesByIds, eventlessEntries, lastEventless, linkEntries } from './audit-chain.store.js';

/** Rows of before the chain that one step links. */
const OLD_BATCH = 1000;

/**
 * Links the rows of the audit to the chains of their workspaces, in the order of the log, after their transactions: writers never wait for a chain. First come
 * the rows of before there was one, in the order of their ids.
 */
@Injectable()
export class AuditChainConsumer extends LogConsumer {
  protected readonly consumer = 'audit-chain';
  protected override readonly restMs = 50;
  /** Points are data; they are not audited one by one. */
  protected override readonly concerns = `e.type <> '${eventType('run.metrics_logged')}'`;
  /** Up to here every row without an event is linked. */
  private eventlessThrough = '';

  constructor(host: LogConsumerHost) {
    super(host);
  }

  protected async apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void> {
    await this.linkOld(tx);
    if (events.length === 0) return;
    const times = events.map(({ time }) => time.getTime());
    const ids = events.map(({ id }) => auditIdOf(id));
    const found = await entriesByIds(tx, ids, new Date(Math.min(...times)), new Date(Math.max(...times)));
    const byId = new Map(found.map((entry) => [entry.id, entry]));
    await linkEntries(
      tx,
      ids.map((id) => byId.get(id)).filter((entry): entry is AuditEntry => entry !== undefined),
    );
  }

  private async linkOld(tx: Tx): Promise<void> {
    for (;;) {
      const old = await eventlessEntries(tx, this.eventlessThrough, OLD_BATCH);
      await linkEntries(tx, old);
      if (old.length === OLD_BATCH) continue;
      const through = await lastEventless(tx);
      return tx.afterCommit(async () => void (this.eventlessThrough = through));
    }
  }
}
