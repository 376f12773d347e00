import { Injectable } from '@nestjs/common';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Tx } from '#database';
import { DomainError } from '#kernel';

/** A blob that a workspace holds. Two workspaces that hold the same content have a row each. */
@Entity('blob')
export class BlobEntity {
  @PrimaryColumn('text') workspaceId!: string;
  @PrimaryColumn('text') sha256!: string;
  @Column('bigint') size!: string;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

/** Which blobs a workspace holds: content is stored first, then registered; what refers to it locks its row against collection. */
@Injectable()
export class BlobRegistry {
  async register(tx: Tx, workspaceId: string, sha256: string, size: number): Promise<void> {
    await tx.query('insert into blob (workspace_id, sha256, size) values ($1, $2, $3) on conflict do nothing', [
      workspaceId,
      sha256,
      size,
    ]);
  }

  /** Size of a blob that the caller is about to refer to. Throws BLOB_NOT_FOUND when the workspace does not hold it. */
  async reference(tx: Tx, workspaceId: string, sha256: string): Promise<{ size: number }> {
    const rows = await tx.query<{ size: string }>('select size from blob where workspace_id = $1 and sha256 = $2 for key share', [
      workspaceId,
      sha256,
    ]);
    if (!rows[0])
      throw new DomainError('BLOB_NOT_FOUND', `this workspace holds no blob ${sha256.slice(0, 80)}; upload it first`, 'blob');
    return { size: Number(rows[0].size) };
  }
}
