import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';
import { DomainError } from '#kernel';
import { readablePaths, type Ctx } from './ctx.js';

/** Of the hashes $2, those that the caller $3 has sent, or that something below the paths $4 refers to. */
const READABLE = `select h.sha256 from unnest($2::text[]) as h(sha256)
  where exists (select 1 from blob_sender s where s.workspace_id = $1 and s.sha256 = h.sha256 and s.auth_id = $3)
    or exists (select 1 from blob_place b where b.workspace_id = $1 and b.sha256 = h.sha256
      and exists (select 1 from unnest($4::text[]) p where b.project = p or starts_with(b.project, p || '/')))`;

/**
 * Who may have a content by its hash alone. Whoever has a role on the whole workspace may have all that the workspace holds; anybody else what something
 * refers to that he may read, and what he sent himself: hashes stand in events and lists, so that to know one proves nothing.
 */
@Injectable()
export class BlobRights {
  constructor(private readonly dataSource: DataSource) {}

  /** Throws BLOB_NOT_FOUND for what the caller may not have: it is not there for him. */
  async check(ctx: Ctx, hashes: readonly string[], field = 'blob'): Promise<void> {
    const paths = readablePaths(ctx, 'dataset.read');
    if (!paths) return;
    const rows = await select<{ sha256: string }>(this.dataSource, READABLE, [ctx.workspaceId, hashes, ctx.authId, paths]);
    const readable = new Set(rows.map(({ sha256 }) => sha256));
    const hidden = hashes.find((sha256) => !readable.has(sha256));
    if (hidden === undefined) return;
    throw new DomainError(
      'BLOB_NOT_FOUND',
      `this workspace holds no blob ${hidden.slice(0, 80)} that you may read; upload it first`,
      field,
    );
  }

  /** Remembers that the caller sent a content, where that is what gives him the right to it. */
  async sent(ctx: Ctx, sha256: string): Promise<void> {
    if (senderOf(ctx) === '') return;
    const sql = 'insert into blob_sender (workspace_id, sha256, auth_id) values ($1, $2, $3) on conflict do nothing';
    await select(this.dataSource, sql, [ctx.workspaceId, sha256, ctx.authId]);
  }
}

/** Whose uploads a caller goes on with: its own, or, with a role on the whole workspace, those of all who have one. */
export function senderOf(ctx: Ctx): string {
  return readablePaths(ctx, 'dataset.read') ? ctx.authId : '';
}
