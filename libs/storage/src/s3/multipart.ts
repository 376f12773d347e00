import { createHash } from 'node:crypto';
import type { Client } from 'minio';

interface Part {
  readonly headers: Record<string, string>;
  readonly body?: Buffer;
}

/**
 * One multipart upload, part after part, with one part in memory. The client's own `putObject(stream)` is not used: when its source fails
 * it never settles and leaves the upload behind (minio-js #1479); here a failure aborts the upload, by its id, and is thrown.
 */
export async function uploadParts(client: Client, bucket: string, key: string, parts: AsyncIterable<Part>): Promise<void> {
  const id = await client.initiateNewMultipartUpload(bucket, key, { 'Content-Type': 'application/octet-stream' });
  try {
    const done: { part: number; etag: string }[] = [];
    for await (const { headers, body } of parts) {
      const place = { bucketName: bucket, objectName: key, uploadID: id, partNumber: done.length + 1, headers };
      const { etag } = await client.uploadPart(place, body);
      done.push({ part: place.partNumber, etag });
    }
    await client.completeMultipartUpload(bucket, key, id, done);
  } catch (error) {
    await client.abortMultipartUpload(bucket, key, id).catch(() => {}); // The error above is the news; the sweep takes what is left.
    throw error;
  }
}

/** Parts that hold `blocks`, with the MD5 by which the server checks what arrived. */
export async function* bodyParts(blocks: AsyncIterable<Buffer>): AsyncGenerator<Part, void, undefined> {
  for await (const body of blocks) yield { headers: { 'Content-MD5': createHash('md5').update(body).digest('base64') }, body };
}

/** Parts that the server copies from `source` (`bucket/key`), `step` bytes each; the client's `composeObject` numbers them all 1. */
export async function* copyParts(source: string, size: number, step: number): AsyncGenerator<Part, void, undefined> {
  for (let start = 0; start < size; start += step) {
    const range = `bytes=${start}-${Math.min(start + step, size) - 1}`;
    yield { headers: { 'x-amz-copy-source': encodeURI(source), 'x-amz-copy-source-range': range } };
  }
}
