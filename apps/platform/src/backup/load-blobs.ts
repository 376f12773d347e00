import { createReadStream } from 'node:fs';
import type pg from 'pg';
import { errorMessage } from '#kernel';
import type { BlobStore } from '#storage';
import { blobFile } from './dump-blobs.js';
import type { BlobRow } from './dump-tables.js';

/** Puts the content of every blob row that is not about to go into the store, which checks its hash and size. Throws for the first that is missing or differs. */
export async function loadBlobs(
  client: pg.Client,
  dir: string,
  store: BlobStore,
  signal: AbortSignal,
): Promise<{ count: number; bytes: number }> {
  const { rows } = await client.query<BlobRow>(
    'select workspace_id as "workspaceId", sha256, size from blob where collected_at is null',
  );
  let bytes = 0;
  for (const { workspaceId, sha256, size } of rows) {
    signal.throwIfAborted();
    const content = createReadStream(blobFile(dir, workspaceId, sha256));
    await store
      .put(workspaceId, content as AsyncIterable<Uint8Array>, { expected: { sha256, size: Number(size) } })
      .catch((error: unknown) => {
        const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
        throw new Error(
          `the backup is damaged: blob ${sha256} of ${workspaceId} ${missing ? 'is missing' : `does not fit its name: ${errorMessage(error)}`}`,
          { cause: error },
        );
      });
    bytes += Number(size);
  }
  return { count: rows.length, bytes };
}
