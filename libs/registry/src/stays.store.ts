import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

/** A version comes into a stage. */
export interface Entry {
  readonly workspaceId: string;
  readonly modelId: string;
  readonly versionId: string;
  readonly number: number;
  readonly stage: string;
  readonly by: string;
  readonly requestId: string | null;
  readonly reason: string | null;
  readonly forced: boolean;
}

/** Who stood where and when. Times are the database's; a move leaves one stage at the very time at which it enters the other. */
@Injectable()
export class StaysStore {
  /** The time of a move: after the model's lock, so that times have the order of the moves. */
  async now(tx: Tx): Promise<string> {
    // As text, which keeps the microseconds.
    const [row] = await tx.query<{ now: string }>('select clock_timestamp()::text as now');
    return row!.now;
  }

  async leave(tx: Tx, versionId: string, by: string, at: string): Promise<void> {
    await tx.query('update stage_stay set left_at = $2, left_by = $3 where version_id = $1 and left_at is null', [
      versionId,
      at,
      by,
    ]);
  }

  async enter(tx: Tx, entry: Entry, at: string): Promise<void> {
    await tx.query(
      `insert into stage_stay (workspace_id, model_id, version_id, number, stage, entered_at, entered_by, request_id, reason, forced)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        entry.workspaceId,
        entry.modelId,
        entry.versionId,
        entry.number,
        entry.stage,
        at,
        entry.by,
        entry.requestId,
        entry.reason,
        entry.forced,
      ],
    );
  }

  /** All versions of a model that is deleted leave their stages. */
  async leaveAll(tx: Tx, modelId: string, by: string): Promise<void> {
    await tx.query('update stage_stay set left_at = clock_timestamp(), left_by = $2 where model_id = $1 and left_at is null', [
      modelId,
      by,
    ]);
  }
}
