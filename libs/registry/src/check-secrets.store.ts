import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';

/** Rows of the secrets that sign the questions to a workspace's own checks. */
@Injectable()
export class CheckSecretsStore {
  /** Puts a secret in the place of the one before, which signs too for `graceSeconds`. */
  async put(tx: Tx, workspaceId: string, secret: string, by: string, graceSeconds: number): Promise<void> {
    await tx.query(
      `insert into check_secret as s (workspace_id, secret, updated_by) values ($1, $2, $3)
       on conflict (workspace_id) do update set previous_secret = s.secret, previous_until = now() + make_interval(secs => $4),
         secret = excluded.secret, updated_by = excluded.updated_by, updated_at = now()`,
      [workspaceId, secret, by, graceSeconds],
    );
  }

  /** Those that sign now, the newest first; none where nobody has made one. */
  async now(tx: Tx, workspaceId: string): Promise<string[]> {
    const [row] = await tx.query<{ secrets: string[] }>(
      `select array_remove(array[secret, case when previous_until > now() then previous_secret end], null) as secrets from check_secret where workspace_id = $1`,
      [workspaceId],
    );
    return row?.secrets ?? [];
  }
}
