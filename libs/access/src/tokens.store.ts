import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { MemberEntity, TokenEntity } from './access.entities.js';

/** Rows of tokens. */
@Injectable()
export class TokensStore {
  /** The member whose token is to be made; its row is held, so that it is not removed meanwhile. */
  member(tx: Tx, workspaceId: string, id: string): Promise<MemberEntity | null> {
    return tx.first(MemberEntity, 'where workspace_id = $1 and id = $2 for share', [workspaceId, id]);
  }

  async expiryOf(tx: Tx, tokenId: string): Promise<Date | null> {
    return (await tx.em.findOneBy(TokenEntity, { id: tokenId }))?.expiresAt ?? null;
  }

  /** False when there is none that may be revoked; with `memberId`, one of that member only. */
  async revoke(tx: Tx, workspaceId: string, id: string, memberId: string | null): Promise<boolean> {
    const rows = await tx.query(
      `update token set revoked_at = coalesce(revoked_at, clock_timestamp())
        where workspace_id = $1 and id = $2 and ($3::text is null or member_id = $3) returning 1`,
      [workspaceId, id, memberId],
    );
    return rows.length > 0;
  }
}
