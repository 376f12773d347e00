import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';
import { DomainError, sha256 } from '#kernel';
import type { Principal } from './ctx.js';
import type { Grant, Scope } from './model/permissions.js';

interface Row {
  id: string;
  workspace_id: string;
  member_id: string | null;
  scope: Scope;
  usable: boolean;
  grants: Grant[] | null;
}

const QUERY = `select t.id, t.workspace_id, t.member_id, t.scope,
    (t.revoked_at is null and (t.expires_at is null or t.expires_at > now())) as usable,
    (select jsonb_agg(jsonb_build_object('path', g.path, 'role', g.role)) from member_grant g where g.member_id = t.member_id) as grants
  from token t where t.hash = $1`;

@Injectable()
export class Authenticator {
  constructor(private readonly dataSource: DataSource) {}

  /** Who a token stands for. Throws UNAUTHENTICATED for a token that is unknown, revoked or expired. */
  async authenticate(tokenText: string): Promise<{ workspaceId: string; principal: Principal }> {
    const [row] = await select<Row>(this.dataSource, QUERY, [sha256(tokenText)]);
    if (!row?.usable) throw new DomainError('UNAUTHENTICATED', 'the token is unknown, revoked or expired');
    const principal: Principal = row.member_id
      ? { kind: 'member', memberId: row.member_id, tokenId: row.id, grants: row.grants ?? [], scope: row.scope }
      : { kind: 'service', tokenId: row.id, scope: row.scope };
    return { workspaceId: row.workspace_id, principal };
  }

  /** Rights that a member has now, for triggers that act for it. */
  async grantsOf(memberId: string): Promise<Grant[]> {
    return select<Grant>(this.dataSource, 'select path, role from member_grant where member_id = $1', [memberId]);
  }
}
