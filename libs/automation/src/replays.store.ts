import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

export type EndedState = 'DELIVERED' | 'FAILED';

/** Which deliveries are meant; what is absent does not narrow. Bounds are inclusive. */
export interface ReplayFilter {
  readonly ids?: readonly string[];
  readonly fromSequence?: string;
  readonly toSequence?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly states?: readonly EndedState[];
  /** As `entity.action`. */
  readonly types?: readonly string[];
}

const WANTED = `webhook_id = $1 and state = any($2) and lease is null and ($3::text[] is null or id = any($3))
  and ($4::bigint is null or sequence >= $4) and ($5::bigint is null or sequence <= $5)
  and ($6::timestamptz is null or created_at >= $6) and ($7::timestamptz is null or created_at <= $7)
  and ($8::text[] is null or entity || '.' || action = any($8))`;

/** Rows of replays, and the deliveries that they take up again. */
@Injectable()
export class ReplaysStore {
  /** Makes ended deliveries wait again, their three days anew; answers how many. The caller gives them their times. */
  async take(tx: Tx, webhookId: string, replayId: string, filter: ReplayFilter): Promise<number> {
    const { ids, fromSequence, toSequence, since, until, states = ['DELIVERED', 'FAILED'], types } = filter;
    const [row] = await tx.query<{ count: number }>(
      `with taken as (update webhook_delivery set state = 'PENDING', done_at = null, tried_since = now(), replay_id = $9 where ${WANTED} returning 1)
       select count(*)::int as count from taken`,
      [webhookId, states, ids, fromSequence, toSequence, since, until, types, replayId].map((value) => value ?? null),
    );
    return row!.count;
  }

  async insert(tx: Tx, row: { id: string; webhookId: string; total: number; createdBy: string }): Promise<void> {
    await tx.query('insert into webhook_replay (id, webhook_id, total, created_by) values ($1, $2, $3, $4)', [
      row.id,
      row.webhookId,
      row.total,
      row.createdBy,
    ]);
  }
}
