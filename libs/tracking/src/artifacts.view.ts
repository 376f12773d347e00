import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { authorize, type Ctx, type Permission } from '#access';
import { select, type Tx } from '#database';
import { DomainError, kindOfId } from '#kernel';
import { checkArtifactPath } from './model/artifact-path.js';

export interface ArtifactFile {
  readonly path: string;
  readonly blob: string;
  readonly size: number;
}

export interface ArtifactEntry {
  readonly path: string;
  readonly isDir: boolean;
  /** Bytes; null for a folder. */
  readonly size: number | null;
  /** SHA-256 of a file; null for a folder. */
  readonly blob: string | null;
}

interface Owner {
  readonly project: string;
  readonly deleted: boolean;
  /** A run that has ended, a logged model that is no longer pending. */
  readonly finished: boolean;
}

/** What says where an owner belongs: the project of its experiment, `/` for the workspace itself. */
const OWNER = `select e.project, r.deleted_at is not null or e.deleted_at is not null as deleted, r.status not in ('RUNNING', 'SCHEDULED') as finished from run r join experiment e on e.id = r.experiment_id
    where r.id = $1 and r.workspace_id = $2
  union all select e.project, m.deleted_at is not null or e.deleted_at is not null, m.status <> 'PENDING' from logged_model m join experiment e on e.id = m.experiment_id
    where m.id = $1 and m.workspace_id = $2
  union all select '/', false, false from workspace w where w.id = $1 and w.id = $2`;

/** One level below a prefix: files as they are, deeper paths folded into their folder. */
const LIST = `select name, bool_or(deep) as "isDir", max(size) filter (where not deep) as size, max(blob) filter (where not deep) as blob from (
    select split_part(substr(path, length($2) + 1), '/', 1) as name, position('/' in substr(path, length($2) + 1)) > 0 as deep, size, blob
      from artifact where owner_id = $1 and ($2 = '' or (path >= $2 and path < $3))) x
  where $4::text is null or name collate "C" > $4 group by name collate "C", name order by name collate "C" limit $5`;

/** Files and folders of runs, logged models and the workspace itself. */
@Injectable()
export class ArtifactsView {
  constructor(private readonly dataSource: DataSource) {}

  /** Throws NOT_FOUND when there is no such file. */
  async file(ctx: Ctx, ownerId: string, path: string): Promise<ArtifactFile> {
    checkArtifactPath(path);
    await this.mayRead(ctx, ownerId);
    const [row] = await select<{ path: string; blob: string; size: string }>(
      this.dataSource,
      'select path, blob, size from artifact where owner_id = $1 and path = $2',
      [ownerId, path],
    );
    if (!row) throw new DomainError('NOT_FOUND', `there is no artifact ${path}`, 'path', { reason: 'NO_ARTIFACT' });
    return { ...row, size: Number(row.size) };
  }

  /** Files and folders one level below `path` (`''` is the root), by name, after the name `after`; paths are whole. */
  async list(ctx: Ctx, ownerId: string, path: string, after: string | null = null, limit = 10_000): Promise<ArtifactEntry[]> {
    if (path !== '') checkArtifactPath(path);
    await this.mayRead(ctx, ownerId);
    const prefix = path === '' ? '' : `${path}/`;
    const rows = await select<{ name: string; isDir: boolean; size: string | null; blob: string | null }>(this.dataSource, LIST, [
      ownerId,
      prefix,
      path === '' ? '' : `${path}0`,
      after,
      limit,
    ]);
    return rows.map((row) => ({
      path: `${prefix}${row.name}`,
      isDir: row.isDir,
      size: row.isDir ? null : Number(row.size),
      blob: row.isDir ? null : row.blob,
    }));
  }

  /** Throws NOT_FOUND or FORBIDDEN. Call before content is taken in, so that nobody fills the store without the right to. */
  async mayWrite(ctx: Ctx, ownerId: string, tx?: Tx): Promise<Pick<Owner, 'finished'>> {
    const owner = await this.authorized(ctx, ownerId, 'tracking.write', tx);
    if (owner.deleted)
      throw new DomainError('CONFLICT', `${ownerId} is deleted; restore it first`, 'ownerId', { reason: 'RUN_DELETED' });
    return owner;
  }

  async mayRead(ctx: Ctx, ownerId: string): Promise<void> {
    await this.authorized(ctx, ownerId, 'tracking.read');
  }

  /** Whether there is such a run, logged model or workspace, in the trash or not. */
  async isOwner(workspaceId: string, ownerId: string): Promise<boolean> {
    return (await select(this.dataSource, OWNER, [ownerId, workspaceId])).length > 0;
  }

  private async authorized(ctx: Ctx, ownerId: string, permission: Permission, tx?: Tx): Promise<Owner> {
    const who = [ownerId, ctx.workspaceId];
    const [owner] = tx ? await tx.query<Owner>(OWNER, who) : await select<Owner>(this.dataSource, OWNER, who);
    if (!owner) {
      const what = kindOfId(ownerId) === 'loggedModel' ? 'logged model' : 'run';
      throw new DomainError('NOT_FOUND', `there is no ${what} ${ownerId}`, 'ownerId');
    }
    authorize(ctx, permission, owner.project);
    return owner;
  }
}
