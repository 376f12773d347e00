import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

@Injectable()
export class ArtifactsStore {
  /**
   * Gives paths to blobs that the workspace holds, and which it then holds to the end of the transaction, as by `BlobRegistry.reference`; paths that are taken
   * get the new content. Each path comes once. Answers how many: fewer than were asked for when it does not hold a blob.
   */
  async put(
    tx: Tx,
    owner: { ownerId: string; workspaceId: string },
    files: readonly { path: string; blob: string }[],
  ): Promise<number> {
    const rows = await tx.query(
      `with held as (select sha256, size from blob where workspace_id = $2 and sha256 = any($4) and collected_at is null order by sha256 for key share)
       insert into artifact (owner_id, path, blob, size, workspace_id) select $1, f.path, f.blob, held.size, $2
         from unnest($3::text[], $4::text[]) as f(path, blob) join held on held.sha256 = f.blob order by f.path
       on conflict (owner_id, path) do update set blob = excluded.blob, size = excluded.size, created_at = now() returning 1`,
      [owner.ownerId, owner.workspaceId, files.map(({ path }) => path), files.map(({ blob }) => blob)],
    );
    return rows.length;
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
