import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { MemberEntity } from './access.entities.js';
import type { Grant, Role } from './model/permissions.js';

/** Rows of members and their roles. */
@Injectable()
export class MembersStore {
  /** False when the name is taken. */
  async insert(tx: Tx, row: Pick<MemberEntity, 'id' | 'workspaceId' | 'name'>): Promise<boolean> {
    const inserted = await tx.query(
      'insert into member (id, workspace_id, name) values ($1, $2, $3) on conflict do nothing returning 1',
      [row.id, row.workspaceId, row.name],
    );
    return inserted.length > 0;
  }

  /** A member, its row locked until the transaction ends. */
  lock(tx: Tx, workspaceId: string, id: string): Promise<MemberEntity | null> {
    return tx.first(MemberEntity, 'where workspace_id = $1 and id = $2 for no key update', [workspaceId, id]);
  }

  /** The role on exactly this path. */
  async roleOn(tx: Tx, memberId: string, path: string): Promise<Role | null> {
    const sql = 'select role from member_grant where member_id = $1 and path = $2';
    const [row] = await tx.query<{ role: Role }>(sql, [memberId, path]);
    return row?.role ?? null;
  }

  /** Gives a role in place of the one there; who was removed is back. */
  async setRole(tx: Tx, memberId: string, path: string, role: Role): Promise<void> {
    await tx.query(
      `with back as (update member set removed_at = null where id = $1 and removed_at is not null)
       insert into member_grant (member_id, path, role) values ($1, $2, $3) on conflict (member_id, path) do update set role = excluded.role`,
      [memberId, path, role],
    );
  }

  async dropRole(tx: Tx, memberId: string, path: string): Promise<void> {
    await tx.query('delete from member_grant where member_id = $1 and path = $2', [memberId, path]);
  }

  /** Takes every role and every token; answers what they were, and how many. */
  async remove(tx: Tx, memberId: string): Promise<{ grants: Grant[]; tokens: number }> {
    const grants = await tx.query<Grant & Record<string, unknown>>(
      'delete from member_grant where member_id = $1 returning path, role',
      [memberId],
    );
    const revoked = await tx.query(
      'update token set revoked_at = clock_timestamp() where member_id = $1 and revoked_at is null returning 1',
      [memberId],
    );
    await tx.query('update member set removed_at = clock_timestamp() where id = $1', [memberId]);
    return { grants, tokens: revoked.length };
  }

  /** Whether the workspace has an admin beside this member. The workspace's row is locked, so that of two who remove each other one stays. */
  async hasOtherAdmin(tx: Tx, workspaceId: string, memberId: string): Promise<boolean> {
    await tx.query('select 1 from workspace where id = $1 for no key update', [workspaceId]);
    const others = await tx.query(
      `select 1 from member_grant g join member m on m.id = g.member_id
        where m.workspace_id = $1 and m.id <> $2 and g.path = '/' and g.role = 'admin' limit 1`,
      [workspaceId, memberId],
    );
    return others.length > 0;
  }
}
