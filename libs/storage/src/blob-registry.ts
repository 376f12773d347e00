import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { select, type Tx } from '#database';
import { DomainError } from '#kernel';
import { BLOB_STORE, type BlobRef, type BlobSource, type BlobStore, type PutOptions } from './blob-store.js';
import type { DirectAccess, UploadPart, UploadPlace } from './part-uploads.js';

/**
 * Claims need not survive a crash at once: what refers to the blob is committed later and takes the claim with it, and a content whose claim was lost is
 * found by the collector's sweep. So the claim does not wait for the disk.
 */
const CLAIM = `with quick as (select set_config('synchronous_commit', 'off', true) as off)
  insert into blob (workspace_id, sha256, size) select $1, $2, $3 from quick
  on conflict (workspace_id, sha256) do update set created_at = now(), collected_at = null
   where blob.collected_at is not null or blob.created_at < now() - interval '1 hour'`;

/** Which blobs a workspace holds: a blob is claimed, then stored; what refers to it locks its row against collection. */
@Injectable()
export class BlobRegistry {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(BLOB_STORE) private readonly store: BlobStore,
  ) {}

  /** Stores content as a blob of the workspace: as `BlobStore.put`, and safe from the collector for a day, in which something may refer to it. */
  keep(workspaceId: string, source: BlobSource, opts?: Omit<PutOptions, 'claim'>): Promise<BlobRef> {
    return this.store.put(workspaceId, source, { ...opts, claim: this.claim(workspaceId) });
  }

  /** The same with what has come in parts: as `PartUploads.complete`. */
  keepUpload(
    workspaceId: string,
    place: UploadPlace,
    parts: readonly Omit<UploadPart, 'size'>[],
    expected?: PutOptions['expected'],
  ): Promise<BlobRef> {
    return this.store.uploads.complete(place, workspaceId, parts, { expected, claim: this.claim(workspaceId) });
  }

  /** The same with what somebody put into the object store. */
  keepDirect(workspaceId: string, direct: DirectAccess, id: string): Promise<BlobRef> {
    return direct.adopt(id, workspaceId, { claim: this.claim(workspaceId) });
  }

  /** True when the workspace holds it; it is then safe from the collector for a day less an hour. */
  async touch(workspaceId: string, sha256: string): Promise<boolean> {
    const rows = await select(
      this.dataSource,
      `with touched as (update blob set created_at = now() where workspace_id = $1 and sha256 = $2 and collected_at is null
          and created_at < now() - interval '1 hour' returning 1)
       select 1 from touched union all select 1 from blob where workspace_id = $1 and sha256 = $2 and collected_at is null
          and created_at >= now() - interval '1 hour'`,
      [workspaceId, sha256],
    );
    return rows.length > 0;
  }

  /** Step: makes sure of the row of a blob that `keep` has stored. */
  async register(tx: Tx, workspaceId: string, sha256: string, size: number): Promise<void> {
    await tx.query('insert into blob (workspace_id, sha256, size) values ($1, $2, $3) on conflict do nothing', [
      workspaceId,
      sha256,
      size,
    ]);
  }

  /** Step: what of these the workspace holds, it holds to the end of the transaction: for who copies a reference that another may give up meanwhile. */
  async hold(tx: Tx, workspaceId: string, hashes: readonly string[]): Promise<void> {
    const sorted = [...new Set(hashes)].sort();
    await tx.query('select 1 from blob where workspace_id = $1 and sha256 = any($2) order by sha256 for key share', [
      workspaceId,
      sorted,
    ]);
  }

  /** Sizes in bytes, of the ones that the workspace holds. */
  async sizes(workspaceId: string, hashes: readonly string[]): Promise<Map<string, number>> {
    const rows = await select<{ sha256: string; size: string }>(
      this.dataSource,
      'select sha256, size from blob where workspace_id = $1 and sha256 = any($2)',
      [workspaceId, hashes],
    );
    return new Map(rows.map(({ sha256, size }) => [sha256, Number(size)]));
  }

  /** Step: size of a blob that the caller is about to refer to. Throws BLOB_NOT_FOUND when the workspace does not hold it. */
  async reference(tx: Tx, workspaceId: string, sha256: string): Promise<{ size: number }> {
    const rows = await tx.query<{ size: string }>(
      'select size from blob where workspace_id = $1 and sha256 = $2 and collected_at is null for key share',
      [workspaceId, sha256],
    );
    if (!rows[0])
      throw new DomainError('BLOB_NOT_FOUND', `this workspace holds no blob ${sha256.slice(0, 80)}; upload it first`, 'blob');
    return { size: Number(rows[0].size) };
  }

  private claim(workspaceId: string): NonNullable<PutOptions['claim']> {
    return async ({ sha256, size }) => void (await select(this.dataSource, CLAIM, [workspaceId, sha256, size]));
  }
}
