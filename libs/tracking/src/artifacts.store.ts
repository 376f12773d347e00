import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

@Injectable()
export class ArtifactsStore {
  /** A path that is taken gets the new content. */
  async put(tx: Tx, row: { ownerId: string; path: string; blob: string; size: number; workspaceId: string }): Promise<void> {
    await tx.query(
      `insert into artifact (owner_id, path, blob, size, workspace_id) values ($1, $2, $3, $4, $5)
       on conflict (owner_id, path) do update set blob = excluded.blob, size = excluded.size, created_at = now()`,
      [row.ownerId, row.path, row.blob, row.size, row.workspaceId],
    );
  }

  /** A file, or a folder with all that is in it (`''` is everything); answers how many files. */
  async remove(tx: Tx, ownerId: string, path: string): Promise<number> {
    const rows = await tx.query(
      `delete from artifact where owner_id = $1 and (path = $2 or $2 = '' or (path >= $3 and path < $4)) returning 1`,
      [ownerId, path, `${path}/`, `${path}0`],
    );
    return rows.length;
  }
}
