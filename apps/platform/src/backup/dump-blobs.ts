import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '#kernel';
import type { BlobStore } from '#storage';
import type { BlobRow } from './dump-tables.js';
import { writeDurably } from './files.js';

export interface CopiedBlobs {
  readonly count: number;
  readonly bytes: number;
  /** Bytes that were copied now; the rest was there from an earlier backup. */
  readonly copiedBytes: number;
}

export function blobFile(dir: string, workspaceId: string, sha256: string): string {
  return join(dir, 'blobs', workspaceId, sha256);
}

/** Content of every row, named by its hash: what an earlier backup in `dir` has is not copied again. Throws when content is missing or damaged. */
export async function dumpBlobs(store: BlobStore, dir: string, rows: readonly BlobRow[]): Promise<CopiedBlobs> {
  let [bytes, copiedBytes] = [0, 0];
  for (const row of rows) {
    const size = Number(row.size);
    bytes += size;
    if (await isThere(blobFile(dir, row.workspaceId, row.sha256), size)) continue;
    await dumpBlob(store, dir, row);
    copiedBytes += size;
  }
  return { count: rows.length, bytes, copiedBytes };
}

async function dumpBlob(store: BlobStore, dir: string, { workspaceId, sha256, size }: BlobRow): Promise<void> {
  const file = blobFile(dir, workspaceId, sha256);
  await mkdir(join(dir, 'blobs', workspaceId), { recursive: true, mode: 0o700 });
  const content = await store.get(workspaceId, sha256).catch((error: unknown) => {
    throw new Error(`blob ${sha256} of ${workspaceId} cannot be read: ${errorMessage(error)}`, { cause: error });
  });
  const measured = await writeDurably(`${file}.new`, content as AsyncIterable<Uint8Array>);
  if (measured.sha256 !== sha256 || measured.bytes !== Number(size)) {
    await rm(`${file}.new`);
    throw new Error(`blob ${sha256} of ${workspaceId} is damaged in the store: its content has the SHA-256 ${measured.sha256}`);
  }
  await rename(`${file}.new`, file);
}

async function isThere(file: string, size: number): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile() && found.size === size,
    () => false,
  );
}
