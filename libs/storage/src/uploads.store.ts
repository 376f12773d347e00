import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select } from '#database';
import { DomainError } from '#kernel';
import type { BlobRef } from './blob-store.js';

export interface UploadRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly handle: string;
  readonly size: number | null;
  readonly partSize: number | null;
  readonly sha256: string | null;
  readonly ownerId: string | null;
  readonly path: string | null;
  readonly blob: string | null;
  readonly blobSize: number | null;
  readonly etag: string | null;
  readonly expiresAt: Date;
}

/** Who sends, and where. */
export interface Uploader {
  readonly workspaceId: string;
  /** Absent: whoever has a role on the whole workspace. */
  readonly sender?: string;
}

export interface NewUpload {
  readonly id: string;
  readonly workspaceId: string;
  readonly kind: 'PARTS' | 'WHOLE';
  readonly handle: string;
  readonly size?: number;
  readonly partSize?: number;
  readonly sha256?: string;
  readonly ownerId?: string;
  readonly path?: string;
  readonly seconds: number;
  /** Who may go on with it; absent: everybody who has a role on the whole workspace. */
  readonly sender?: string;
}

const COLUMNS = `id, workspace_id as "workspaceId", handle, size::float8 as size, part_size as "partSize", sha256, owner_id as "ownerId", path, blob,
  blob_size::float8 as "blobSize", etag, expires_at as "expiresAt"`;
/** How long a completed upload is remembered, for who did not hear that it was. */
const REMEMBERED = "interval '1 day'";

@Injectable()
export class UploadsStore {
  constructor(private readonly dataSource: DataSource) {}

  /** False when an upload of the same content is open already. */
  async add(row: NewUpload): Promise<boolean> {
    const rows = await select(
      this.dataSource,
      `insert into upload (id, workspace_id, kind, handle, size, part_size, sha256, owner_id, path, expires_at, sender)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(secs => $10), $11) on conflict do nothing returning 1`,
      [
        row.id,
        row.workspaceId,
        row.kind,
        row.handle,
        row.size ?? null,
        row.partSize ?? null,
        row.sha256 ?? null,
        row.ownerId ?? null,
        row.path ?? null,
        row.seconds,
        row.sender ?? '',
      ],
    );
    return rows.length > 0;
  }

  /** Throws NOT_FOUND for one that is not there, of another workspace or sender, or over. */
  async found({ workspaceId, sender = '' }: Uploader, id: string): Promise<UploadRow> {
    const open = 'id = $1 and workspace_id = $2 and sender = $3 and expires_at > now()';
    const [row] = await this.where(open, [id, workspaceId, sender]);
    if (!row) throw new DomainError('NOT_FOUND', `there is no upload ${id.slice(0, 80)}; begin a new one`, 'id');
    return row;
  }

  /** The open upload of the same content. */
  async same(
    { workspaceId, sender = '' }: Uploader,
    sha256: string,
    size: number,
    partSize: number,
  ): Promise<UploadRow | undefined> {
    const open =
      'workspace_id = $1 and sha256 = $2 and size = $3 and part_size = $4 and sender = $5 and blob is null and expires_at > now()';
    return (await this.where(open, [workspaceId, sha256, size, partSize, sender]))[0];
  }

  /** What senders put, or may still put, into the object store for an artifact of this owner; or of any, but for what has come and may only come anew. */
  wholes(ownerId: string | undefined): Promise<UploadRow[]> {
    return ownerId === undefined
      ? this.where("kind = 'WHOLE' and (etag is null or expires_at < now()) order by expires_at limit 1000", [])
      : this.where("kind = 'WHOLE' and owner_id = $1", [ownerId]);
  }

  /** Parts that nobody went on with. */
  overdue(): Promise<UploadRow[]> {
    return this.where("kind = 'PARTS' and expires_at < now() order by expires_at limit 1000", []);
  }

  /** Its time begins anew, at most once a day. */
  async prolong(id: string, seconds: number): Promise<void> {
    await select(
      this.dataSource,
      `update upload set expires_at = now() + make_interval(secs => $2)
        where id = $1 and blob is null and expires_at < now() + make_interval(secs => $2) - interval '1 day'`,
      [id, seconds],
    );
  }

  async becameBlob(id: string, blob: BlobRef): Promise<void> {
    await select(
      this.dataSource,
      `update upload set blob = $2, blob_size = $3, expires_at = now() + ${REMEMBERED} where id = $1`,
      [id, blob.sha256, blob.size],
    );
  }

  async remove(id: string): Promise<void> {
    await select(this.dataSource, 'delete from upload where id = $1', [id]);
  }

  private where(condition: string, parameters: readonly unknown[]): Promise<UploadRow[]> {
    return select<UploadRow>(this.dataSource, `select ${COLUMNS} from upload where ${condition}`, [...parameters]);
  }
}
