import { Inject, Injectable } from '@nestjs/common';
import { BLOB_STORE, type BlobStore } from '#storage';

/** The beginnings of files, for those that look before they show. */
@Injectable()
export class ArtifactHeads {
  constructor(@Inject(BLOB_STORE) private readonly store: BlobStore) {}

  /** Up to so many bytes. */
  async read(workspaceId: string, sha256: string, size: number, most: number): Promise<Buffer> {
    if (size === 0) return Buffer.alloc(0);
    const parts: Buffer[] = [];
    for await (const part of await this.store.get(workspaceId, sha256, { start: 0, end: Math.min(size, most) - 1 }))
      parts.push(part as Buffer);
    return Buffer.concat(parts);
  }
}
