import { blobKey } from '../blob-key.js';
import type { BlobRef, PutOptions } from '../blob-store.js';
import { Intake } from '../intake.js';
import type { S3Bucket } from './s3-bucket.js';

const GATHER = 1024 * 1024;

/**
 * Makes a blob of the object `staged`, which nobody else can write to: it is read once for its hash and copied by the server to its key. What it is called
 * for is claimed and checked as in `BlobStore.put`. The object stays.
 */
export async function blobOfStaged(bucket: S3Bucket, staged: string, namespace: string, opts?: PutOptions): Promise<BlobRef> {
  const intake = new Intake(await bucket.client.getObject(bucket.name, bucket.full(staged)), opts);
  // eslint-disable-next-line no-empty
  for await (const _ of intake.pieces(GATHER)) {
  }
  const ref = await intake.finish();
  const key = blobKey(namespace, ref.sha256);
  if ((await bucket.sizeOf(key)) === ref.size) return ref;
  await bucket.copy(staged, key, ref.size);
  await bucket.verify(key, ref.size);
  return ref;
}
