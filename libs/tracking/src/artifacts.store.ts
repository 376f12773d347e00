import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

@Injectable()
export class ArtifactsStore {
  /** Paths that are taken get the new content; each comes once. */
  async put(
    tx: Tx,
    owner: { ownerId: string; workspaceId: string },
    files: readonly { path: string; blob: string; size: number }[],
  ): Promise<void> {
    await tx.query(
      `insert into artifact (owner_id, path, blob, size, workspace_id) select $1, f.path, f.blob, f.size, $2
         from unnest($3::text[], $4::text[], $5::bigint[]) as f(path, blob, size)
       on conflict (owner_id, path) do update set blob = excluded.blob, size = excluded.size, created_at = now()`,
      [
        owner.ownerId,
        owner.workspaceId,
        files.map(({ path }) => path),
        files.map(({ blob }) => blob),
        files.map(({ size }) => size),
      ],
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
