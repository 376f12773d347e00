import type { Client } from 'minio';
import { GATHERING_DAYS, isStaged } from '../blob-key.js';

export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Every object whose key begins with `prefix`, page by page; nothing is asked for before it is wanted. */
export async function* listObjects(
  client: Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<ListedObject, void, undefined> {
  for (let token = ''; ;) {
    const page = await client.listObjectsV2Query(bucket, prefix, token, '', 1000, '');
    for (const item of page.objects) if (item.name) yield { key: item.name, size: item.size, modified: item.lastModified };
    if (!page.isTruncated) return;
    token = page.nextContinuationToken;
  }
}

/**
 * Removes uploads below `prefix` that a crash left longer than `ms` (a day) ago: whole objects and incomplete multipart uploads. Those that come in parts
 * may take `GATHERING_DAYS`.
 */
export async function sweepUploads(client: Client, bucket: string, prefix: string, ms = DAY_MS): Promise<void> {
  const isOld = (key: string, time: Date) =>
    Date.now() - new Date(time).getTime() > (isStaged(key.slice(prefix.length)) ? GATHERING_DAYS * ms : ms);
  for await (const { key, modified } of listObjects(client, bucket, prefix))
    if (isOld(key, modified)) await client.removeObject(bucket, key);
  const { uploads } = await client.listIncompleteUploadsQuery(bucket, prefix, '', '', '');
  for (const { key, uploadId, initiated } of uploads)
    if (isOld(key, initiated)) await client.abortMultipartUpload(bucket, key, uploadId);
}
